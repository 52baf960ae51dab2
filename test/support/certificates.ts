import { type GenerateResult, generate } from "selfsigned";

/** A certificate and its private key, as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** The certificates of a server on 127.0.0.1, of a client, and of the authority that signed both. */
export interface Certificates {
  readonly ca: string;
  readonly server: Identity;
  readonly client: Identity;
}

const ELLIPTIC = { keyType: "ec", algorithm: "sha256" } as const;

/** Makes new certificates for one test run. */
export async function makeCertificates(): Promise<Certificates> {
  const authority = await generate(named("test authority"), {
    ...ELLIPTIC,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  const signed = { ...ELLIPTIC, ca: { key: authority.private, cert: authority.cert } };
  // Node looks for the address among the alternative names, the driver in the common name.
  const server = await generate(named("127.0.0.1"), {
    ...signed,
    extensions: [
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
      { name: "extKeyUsage", serverAuth: true },
    ],
  });
  const client = await generate(named("test client"), {
    ...signed,
    extensions: [{ name: "extKeyUsage", clientAuth: true }],
  });
  return { ca: authority.cert, server: toIdentity(server), client: toIdentity(client) };
}

function named(value: string): { name: string; value: string }[] {
  return [{ name: "commonName", value }];
}

function toIdentity({ cert, private: key }: GenerateResult): Identity {
  return { cert, key };
}
