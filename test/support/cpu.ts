/** How much CPU time something takes, told so that the same bound holds on a slow and on a busy machine. */

/** As much text as a server takes in a row, and the part of it that is parsed for the measure. */
const SIZE = 16_000_000;
const PART = 2_000_000;
const ITEM = '{"id":1,"name":"ada","score":0.5}';

const cpuMilliseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

let plain: string | undefined;
/** CPU milliseconds that `JSON.parse` would take now for 16 MB of small objects: the middle one of three measured parts. */
function plainParse(): number {
  plain ??= Buffer.from(`[${Array(Math.floor(PART / (ITEM.length + 1))).fill(ITEM)}]`).toString();
  const text = plain;
  const times = [1, 2, 3].map(() => {
    const before = cpuMilliseconds();
    JSON.parse(text);
    return cpuMilliseconds() - before;
  });
  return ((times.sort((a, b) => a - b)[1] ?? Number.NaN) * SIZE) / PART;
}

/**
 * The CPU time of the process while the work runs, as a multiple of what `JSON.parse` takes for 16 MB of small objects at
 * the same moment. Reading a row of that size takes up to 8 times as much; what is quadratic takes hundreds.
 */
export async function cpuOfParses<Result>(
  work: () => Result | Promise<Result>,
): Promise<{ result: Result; parses: number }> {
  const yardstick = plainParse();
  const before = cpuMilliseconds();
  const result = await work();
  return { result, parses: (cpuMilliseconds() - before) / yardstick };
}

/** What a row that a server takes may cost at most. A busy machine's noise is far below the rest. */
export const MOST_PARSES = 25;
