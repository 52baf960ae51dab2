import { connect, createServer } from "node:net";

/** The preferred port of loopback where it is free, else any. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  const listening = new Promise<void>((resolve, reject) => {
    server.once("listening", resolve).once("error", reject);
  });
  server.listen(preferred, "127.0.0.1");
  if (preferred !== 0 && (await listening.catch(() => "taken")) === "taken") return freePort();
  await listening;
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === "string" || address === null) throw new Error("Expected a port on loopback.");
  return address.port;
}

/** Resolves when something listens there. */
export async function portOpen(port: number, limitMs: number): Promise<void> {
  for (const limit = Date.now() + limitMs; Date.now() < limit; ) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Port ${port} did not open within ${limitMs / 1000} s.`);
}
