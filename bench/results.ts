import { median, quantile, ratioTo, type Sample, type Samples } from "./measure.ts";

/** What one contender took for one operation: microseconds a call, and ratios to the floor of the same rounds. */
export interface Figure {
  readonly contender: string;
  readonly wall: number;
  readonly cpu: number;
  readonly wallRatio: number;
  /** Its wall time beside the library's, round by round. */
  readonly besideLibrary: number;
  readonly cpuRatio: number;
}

/** One operation, measured by all contenders that can do it. */
export interface Comparison {
  readonly name: string;
  readonly rounds: number;
  /** The floor, the median of its samples. */
  readonly raw: Figure;
  /** The second copy of the floor beside the first: what the machine's noise makes of no difference. */
  readonly control: Figure;
  /** Half of the control's wall ratios lie between these. */
  readonly controlSpread: readonly [number, number];
  readonly library: Figure;
  readonly peers: readonly Figure[];
}

const wall = (sample: Sample): number => sample.wall;
const cpu = (sample: Sample): number => sample.cpu;

/** The first two are the two copies of the floor, the third is the library. */
export function summarize(name: string, calls: number, samples: Samples): Comparison {
  const [first, second, third] = firstThree(samples);
  const figures = [...samples].map(([contender, own], at): Figure => {
    const floors = at < 2 ? [first] : [first, second];
    return {
      contender,
      wall: median(own.map(wall)) / calls,
      cpu: median(own.map(cpu)) / calls,
      wallRatio: ratioTo(floors, own, wall),
      besideLibrary: ratioTo([third], own, wall),
      cpuRatio: ratioTo(floors, own, cpu),
    };
  });
  const [raw, control, library, ...peers] = figures;
  if (raw === undefined || control === undefined || library === undefined)
    throw new Error("Expected three contenders.");
  const noise = second.flatMap((sample, round) => sample.wall / (first[round]?.wall ?? Number.NaN));
  const controlSpread = [quantile(noise, 0.25), quantile(noise, 0.75)] as const;
  return { name, rounds: first.length, raw, control, controlSpread, library, peers };
}

type Own = readonly Sample[];

function firstThree(samples: Samples): [Own, Own, Own] {
  const [first, second, third] = samples.values();
  if (!first || !second || !third) throw new Error("Expected two copies of the floor, and the library.");
  return [first, second, third];
}

/** Three significant digits, in the unit that reads best. */
export function duration(microseconds: number): string {
  if (microseconds < 1000) return `${Number(microseconds.toPrecision(3))} µs`;
  return microseconds < 1e6
    ? `${Number((microseconds / 1e3).toPrecision(3))} ms`
    : `${Number((microseconds / 1e6).toPrecision(3))} s`;
}

export function line({ name, raw, control, library, peers, rounds }: Comparison): string {
  const cells = [
    `raw ${duration(raw.wall)}, CPU ${duration(raw.cpu)}`.padEnd(30),
    `A/A ${control.wallRatio.toFixed(2)} / ${control.cpuRatio.toFixed(2)}`,
    `library ${library.wallRatio.toFixed(2)} / ${library.cpuRatio.toFixed(2)}`,
    ...peers.map((one) => `${one.contender} ${one.wallRatio.toFixed(2)} / ${one.cpuRatio.toFixed(2)}`),
    `${rounds} rounds`,
  ];
  return `${name.padEnd(40)} ${cells.join("  ")}`;
}
