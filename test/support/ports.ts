import { connect, createServer, type Server } from "node:net";

/** The preferred port of loopback if it is free, else any free one. */
export async function freePort(preferred = 0): Promise<number> {
  const server = await listen(preferred, "127.0.0.1").catch(() => listen(0, "127.0.0.1"));
  const address = server.address();
  await close(server);
  if (typeof address === "string" || address === null) throw new Error("Expected a port on loopback.");
  return address.port;
}

export async function canListen(port: number, address: string): Promise<boolean> {
  return listen(port, address).then(close, () => false);
}

function listen(port: number, address: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("listening", () => resolve(server)).once("error", reject);
    server.listen(port, address);
  });
}

function close(server: Server): Promise<true> {
  return new Promise((resolve) => server.close(() => resolve(true)));
}

/** Resolves when something listens there. */
export async function portOpen(port: number, limitMs: number, address = "127.0.0.1"): Promise<void> {
  for (const limit = Date.now() + limitMs; Date.now() < limit; ) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Port ${port} of ${address} did not open within ${limitMs / 1000} s.`);
}
