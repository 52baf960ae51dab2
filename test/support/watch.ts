import type { Client, QueryOptions, types } from "cassandra-driver";

/** One request that went through a watched client. */
export interface SeenRequest {
  readonly queries: readonly string[];
  /** The values of a request of one statement. */
  readonly params?: readonly unknown[];
  readonly options: QueryOptions;
}

type Execute = (query: string, params: unknown[], options: QueryOptions) => Promise<types.ResultSet>;
type Batch = (queries: { query: string; params: unknown[] }[], options: QueryOptions) => Promise<types.ResultSet>;

/** Whether the request's first statement matches. */
export function asksFor({ queries }: SeenRequest, pattern: RegExp): boolean {
  return pattern.test(queries[0] ?? "");
}

/** All statements of the requests that match, those of a batch one by one. */
export function statementsOf(requests: readonly SeenRequest[], pattern: RegExp): string[] {
  return requests.flatMap(({ queries }) => queries).filter((query) => pattern.test(query));
}

/** How many rows each page was asked to have, of the requests that match. */
export function pageSizesOf(requests: readonly SeenRequest[], pattern: RegExp = /^/): (number | undefined)[] {
  return requests.filter((request) => asksFor(request, pattern)).map(({ options }) => options.fetchSize);
}

/** The real client, with every request written down. `answer` can change what comes back. */
export function watchClient(
  client: Client,
  answer: (request: SeenRequest, send: () => Promise<types.ResultSet>) => Promise<types.ResultSet> = (_, send) =>
    send(),
): { readonly watched: Client; readonly requests: SeenRequest[] } {
  const requests: SeenRequest[] = [];
  const seen = (request: SeenRequest, send: () => Promise<types.ResultSet>): Promise<types.ResultSet> => {
    requests.push(request);
    return answer(request, send);
  };
  const execute: Execute = (query, params, options = {}) =>
    seen({ queries: [query], params, options }, () => client.execute(query, params, options));
  const batch: Batch = (queries, options = {}) =>
    seen({ queries: queries.map(({ query }) => query), options }, () => client.batch(queries, options));
  const watched = new Proxy(client, {
    get: (target, key) => {
      if (key === "execute") return execute;
      return key === "batch" ? batch : Reflect.get(target, key, target);
    },
  });
  return { watched, requests };
}

/** The real client, on which requests fail that match the pattern, once there is one. */
export function breakableClient(client: Client): {
  readonly breakable: Client;
  readonly failOn: (pattern?: RegExp) => void;
} {
  let failing: RegExp | undefined;
  const { watched } = watchClient(client, (request, send) =>
    failing !== undefined && asksFor(request, failing) ? Promise.reject(new Error("cut")) : send(),
  );
  return {
    breakable: watched,
    failOn: (pattern) => {
      failing = pattern;
    },
  };
}
