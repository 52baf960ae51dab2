import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A TCP proxy on loopback in front of one node, which can cut, delay and stall what goes through it. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delayMs = 0;
  #stalled = false;

  private constructor(target: string) {
    const [host = "", port = ""] = target.split(":");
    this.#server = createServer((inward) => {
      const outward = connect(Number(port), host);
      this.#pass(inward, outward);
      this.#pass(outward, inward);
    });
  }

  static async before(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy is closed.");
    return `127.0.0.1:${address.port}`;
  }

  /** Ends every connection at once, whatever is on its way. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Delays what comes from now on by so much, and keeps its order. */
  delay(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  /** Connections stay open, and nothing goes through them, until `resume`. */
  stall(): void {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  resume(): void {
    this.#stalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    if (this.#stalled) from.pause();
    let sent = Promise.resolve();
    from.on("data", (bytes) => {
      const wait = setTimeout(this.#delayMs);
      sent = sent.then(() => wait).then(() => void (to.destroyed || to.write(bytes)));
    });
    // When one side closes, the other one is closed as well.
    from
      .on("error", () => {})
      .on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
  }
}
