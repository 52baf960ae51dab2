/*
 * Limits and defaults of the library, each with its unit and its reason or source. Those of the clock stand in `ids/`, and those
 * of the codec and of `agent/` beside the code that they bound.
 */

/** The table where the application names none. */
export const DEFAULT_TABLE = "message_store";

/** Seconds: 20 years, the server's `Attributes.MAX_TTL` (Cassandra 5.0). */
export const MAX_TTL_SECONDS = 630_720_000;

/** UTF-8 bytes: the server counts the bytes of a partition key in 16 bits. */
export const MAX_SESSION_ID_BYTES = 65_535;

/** Rows: the largest `pageSize` that an application may ask for. */
export const MAX_PAGE_SIZE = 100_000;

/** The default page size, in rows. It is not larger, since rows may be long. */
export const PAGE_ROWS = 1024;

/** Rows of a later page of a whole read, at most, where the application gives no `pageSize`: the driver's own page size. */
export const WHOLE_READ_PAGE_ROWS = 5000;

/** UTF-8 bytes of text that a later page of a whole read should have: 4 MiB, a quarter of the largest message. */
export const WHOLE_READ_PAGE_BYTES: number = 4 * 1024 * 1024;

/** Rows in which a window of nothing but tool messages looks for the message that called the tools. */
export const REACH_BACK_ROWS = 1024;

/**
 * UTF-8 bytes of text in one batch, at most: 1 MiB. A default server refuses a mutation above 16 MiB, and a large one blocks a
 * node for long.
 */
export const MAX_BATCH_BYTES: number = 1024 * 1024;

/** Statements in one batch: the native protocol (v4, section 4.1.7) counts them in 16 bits. */
export const MAX_BATCH_STATEMENTS = 65_535;

/**
 * Bytes that the session ids and fixed parts of one batch may have: half of the largest request that a default server takes
 * (16 MiB). Each statement of a batch repeats the session id.
 */
export const MAX_BATCH_OVERHEAD_BYTES: number = 8 * 1024 * 1024;

/** Bytes that a statement of a batch has beside its text and the session id: the entry's id, lengths and the statement's id. */
export const STATEMENT_OVERHEAD_BYTES = 64;

/** Ids that `delete` reads, and deletes, in one step. */
export const IDS_PER_DELETE = 100;

/** Requests in flight per client, at most. More than 128 bring no more throughput to one node (measured). */
export const MAX_IN_FLIGHT = 512;

/**
 * The library has a quarter of the requests in flight that the client's connections take. The rest is for the application's own
 * requests, and for a second copy of this library.
 */
export const IN_FLIGHT_SHARE: number = 1 / 4;

/** Requests on one connection where the client does not say: the driver's default since protocol v3. */
export const DRIVER_REQUESTS_PER_CONNECTION = 2048;

/**
 * A request may find all connections busy while none of ours is in flight: requests of the application, or of the driver, fill
 * them. It is then handed over again after so many milliseconds, and so many times: 12 s in all, the driver's own read timeout.
 */
export const BUSY_PAUSE_MS = 5;
export const MAX_BUSY_PAUSES = 2400;

/** Rows of a page when tables of the schema are read. */
export const SCHEMA_PAGE_ROWS = 500;

/** Milliseconds that the agreed node may be out of reach before the next one makes the table, and between two tries. */
export const AGREED_NODE_LIMIT_MS = 5_000;
export const AGREED_NODE_PAUSE_MS = 200;

/** Milliseconds that the nodes may take to agree on a new table, and between two looks. */
export const AGREEMENT_LIMIT_MS = 30_000;
export const AGREEMENT_PAUSE_MS = 100;

/** Milliseconds after which every node has a table. Agreement takes seconds; the rest is for clocks that differ. */
export const SETTLED_AFTER_MS = 600_000;

/** Tables per client whose statements are kept. Most processes use one; texts of more are made anew. */
export const MAX_KEPT_TABLES = 256;

/** Rows whose last update, or whose delete ahead of the clock, the process remembers: so many of each, some 200 bytes a row. */
export const MAX_REMEMBERED_ROWS = 10_000;

/**
 * Updates of one row that may take effect between a delete's read and its write. Each dates the row two microseconds later, and
 * takes two round trips: so many take seconds.
 */
export const UPDATES_PER_DELETE = 10_000;

/** Times that an update writes a message that expires, at most, where every write is slow. */
export const WRITES_PER_UPDATE = 3;

/** UTF-8 bytes of a session's title, and of its metadata (keys and JSON texts), at most. A list reads both of each session. */
export const MAX_TITLE_BYTES: number = 4 * 1024;
export const MAX_METADATA_BYTES: number = 64 * 1024;

/** Nested objects and arrays in a value of a session's metadata, at most. */
export const MAX_METADATA_DEPTH = 100;

/** Sessions of one `list`: where the application does not say, and at most. */
export const DEFAULT_LIST_LIMIT = 50;
export const MAX_LIST_LIMIT = 1000;

/**
 * Sessions that one statement reads by their ids. ScyllaDB allows 100 values of IN in a clustering column, and Cassandra has a
 * guardrail for them (`in_select_cartesian_product_fail_threshold`), which a service may set low.
 */
export const IDS_PER_SELECT = 25;

/** Sessions whose entries a process remembers, for each client. Some 200 bytes each. */
export const MAX_KNOWN_SESSIONS = 10_000;

/** Milliseconds after which a process looks at a session's entry again: another process may have deleted it. */
export const KNOWN_FOR_MS = 60_000;

/**
 * Seconds that an entry expires later than its messages, which may be stored in the next second. Where storing them takes longer
 * than that, the entry is written once more.
 */
export const ENTRY_EXPIRY_MARGIN_SECONDS = 1;

/**
 * Microseconds from the newest write of an entry to a delete of it, where a clock ahead of ours wrote the entry: updates that
 * meet the delete are dated one microsecond after what they read.
 */
export const DELETE_AFTER_MICROS = 1000;

/** Sessions that `deleteAll` deletes at the same time. */
export const DELETES_AT_ONCE = 16;
