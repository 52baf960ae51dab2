import type { Client, QueryOptions, types } from "cassandra-driver";

/** One request that went through a watched client. */
export interface SeenRequest {
  readonly queries: readonly string[];
  readonly options: QueryOptions;
}

type Execute = (query: string, params: unknown[], options: QueryOptions) => Promise<types.ResultSet>;
type Batch = (queries: { query: string; params: unknown[] }[], options: QueryOptions) => Promise<types.ResultSet>;

/** The real client, with every request written down, and `answer` able to change what comes back. */
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
    seen({ queries: [query], options }, () => client.execute(query, params, options));
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
