/** One contender's part in a comparison: does the operation so many times. */
export interface Trial {
  readonly name: string;
  /** Gives what one operation took where another process did it. */
  run(operations: number): Promise<void> | Promise<Sample>;
}

/** What one operation took, in microseconds; the CPU is that of the process that did it, garbage collection included. */
export interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

export interface Budget {
  /** For all samples of all trials, warm-up aside. */
  readonly seconds: number;
  /** How long one sample should last; an operation that lasts longer is a sample by itself. */
  readonly sampleMs: number;
}

/** All samples of each trial, in the order of the rounds. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Rounds before the ones that count, in which code is compiled and caches fill. */
const WARM_UP_SHARE = 0.25;
const MAX_OPERATIONS = 4096;
const LEAST_ROUNDS = 7;

/**
 * Runs all trials in turn, in many short rounds of one process, each in an order of its own: who always follows the same
 * one would always find the same garbage. What disturbs the machine disturbs neighbours alike, and shows in the ratio of
 * two copies of one trial.
 */
export async function measure(trials: readonly Trial[], { seconds, sampleMs }: Budget): Promise<Samples> {
  const operations = await calibrate(trials, sampleMs);
  const roundMs = trials.reduce((sum, { name }) => sum + (operations.get(name)?.ms ?? sampleMs), 0);
  const rounds = Math.max(LEAST_ROUNDS, Math.round((seconds * 1000) / roundMs));
  const warmUp = Math.ceil(rounds * WARM_UP_SHARE);
  const samples = new Map(trials.map(({ name }): [string, Sample[]] => [name, []]));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const trial of shuffle(trials)) {
      const sample = await sampleOf(trial, operations.get(trial.name)?.count ?? 1);
      if (round >= 0) samples.get(trial.name)?.push(sample);
    }
  }
  return samples;
}

function shuffle<Item>(items: readonly Item[]): Item[] {
  const drawn = items.map((item) => [item, Math.random()] as const);
  return drawn.sort(([, a], [, b]) => a - b).map(([item]) => item);
}

/** Garbage of the one before is collected outside of the sample; a sample's own, as it comes. */
async function sampleOf(trial: Trial, operations: number): Promise<Sample> {
  globalThis.gc?.({ type: "minor" });
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const own = await trial.run(operations);
  if (own !== undefined) return own;
  const wall = (performance.now() - before) * 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: wall / operations, cpu: (user + system) / operations };
}

interface Calibration {
  readonly count: number;
  /** What a sample of so many lasts. */
  readonly ms: number;
}

/** How often each does its operation in a sample. */
async function calibrate(trials: readonly Trial[], sampleMs: number): Promise<ReadonlyMap<string, Calibration>> {
  const operations = new Map<string, Calibration>();
  for (const trial of trials) {
    let [count, ms] = [0, 0];
    while (ms < sampleMs / 2 && count < MAX_OPERATIONS) {
      count = count === 0 ? 1 : count * 2;
      ms = ((await sampleOf(trial, count)).wall * count) / 1000;
    }
    const wanted = Math.min(MAX_OPERATIONS, Math.max(1, Math.round((count * sampleMs) / ms)));
    operations.set(trial.name, { count: wanted, ms: (ms / count) * wanted });
  }
  return operations;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** The ratio of one to the floor, round by round, as its median; the floor is the mean of its two copies where there are two. */
export function ratioTo(
  floors: readonly (readonly Sample[])[],
  samples: readonly Sample[],
  measureOf: (sample: Sample) => number,
): number {
  return median(
    samples.flatMap((sample, round) => {
      const beside = floors.flatMap((floor) => floor[round] ?? []);
      if (beside.length < floors.length) return [];
      return measureOf(sample) / (beside.reduce((sum, one) => sum + measureOf(one), 0) / beside.length);
    }),
  );
}
