import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import AdmZip from "adm-zip";
import type { Client } from "cassandra-driver";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type Frame, FrameStream, OPCODE, type SentStatement, StatementReader, withOption } from "./frames.ts";

/** An imitation of Astra DB in front of a real Cassandra. */
export interface EmulatedAstra {
  /** The path of the secure connect bundle. */
  readonly bundle: string;
  /** The metadata service's address, which takes only clients with the bundle's certificate. */
  readonly metadataUrl: string;
  readonly certificates: Certificates;
  /** Every statement that a client sent, in order of arrival. */
  readonly statements: SentStatement[];
  readonly stop: () => Promise<void>;
}

/**
 * Makes a secure connect bundle, the metadata service that the bundle names, and the proxy that the service names. The proxy
 * is one address for all nodes: a client names the node by the server name in TLS. Both ask for the bundle's certificate.
 * As Astra DB does, the proxy says that its product is DATASTAX_APOLLO. The driver's default is then LOCAL_QUORUM.
 *
 * @param client - connected to the cluster, with the right to read `system`
 */
export async function emulateAstra(client: Client): Promise<EmulatedAstra> {
  const hosts = client.hosts.values();
  const certificates = await makeCertificates();
  const mutual = { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: true };
  const statements: SentStatement[] = [];
  const nodes = new Map(hosts.map((host) => [String(host.hostId), openNode(host.address, statements)]));
  const proxy = createTlsServer(mutual, (socket) => {
    const node = nodes.get(String(socket.servername));
    if (node === undefined) socket.destroy();
    else node(socket);
  });
  const contact = {
    type: "sni_proxy",
    local_dc: hosts[0]?.datacenter,
    contact_points: [...nodes.keys()],
    sni_proxy_address: `127.0.0.1:${await listen(proxy)}`,
  };
  const metadata = createServer(mutual, (request, response) => {
    response.statusCode = request.url === "/metadata" ? 200 : 404;
    response.end(JSON.stringify({ version: 1, region: "local", contact_info: contact }));
  });
  const port = await listen(metadata);
  const folder = await mkdtemp(join(tmpdir(), "astra-"));
  const bundle = join(folder, "secure-connect-test.zip");
  await writeFile(bundle, zipBundle(port, certificates));
  const stop = async (): Promise<void> => {
    await Promise.all([close(proxy), close(metadata), rm(folder, { recursive: true, force: true })]);
  };
  return { bundle, metadataUrl: `https://127.0.0.1:${port}/metadata`, certificates, statements, stop };
}

/** Joins a client's connection to a new one to the node, and keeps the statements that are sent. */
function openNode(address: string, statements: SentStatement[]): (socket: TLSSocket) => void {
  const [host = "", port = ""] = address.split(/:(?=\d+$)/);
  const prepared = new Map<string, string>();
  return (socket) => {
    const reader = new StatementReader(prepared);
    const upstream = connect(Number(port), host);
    const ask = new FrameStream((frame) => {
      statements.push(...reader.readRequest(frame));
      return frame;
    });
    const answer = new FrameStream((frame: Frame) => {
      reader.readResponse(frame);
      return frame.opcode === OPCODE.supported ? withOption(frame, "PRODUCT_TYPE", "DATASTAX_APOLLO") : frame;
    });
    socket.pipe(ask).pipe(upstream).pipe(answer).pipe(socket);
    joinEnds(socket, upstream);
  };
}

function joinEnds(one: Socket, other: Socket): void {
  one.on("error", () => other.destroy()).on("close", () => other.destroy());
  other.on("error", () => one.destroy()).on("close", () => one.destroy());
}

function zipBundle(port: number, { ca, client }: Certificates): Buffer {
  const zip = new AdmZip();
  const entries = { "config.json": JSON.stringify({ host: "127.0.0.1", port }), "ca.crt": ca, ...client };
  for (const [name, content] of Object.entries(entries)) zip.addFile(name, Buffer.from(content));
  return zip.toBuffer();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
