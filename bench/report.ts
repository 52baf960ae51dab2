import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import { type BarChart, drawBars } from "./charts.ts";
import { type Comparison, duration } from "./results.ts";

/** What was measured, and on what. */
export interface Report {
  readonly comparisons: readonly Comparison[];
  /** Wall time of a window of 20 out of 100,000 messages beside one out of 100, round by round. */
  readonly windowRatio: number;
  readonly memory: readonly MemoryFigure[];
  readonly versions: readonly string[];
  readonly missing: readonly string[];
  /** What there is to know of a peer's figures. */
  readonly notes: readonly string[];
}

export interface MemoryFigure {
  readonly name: string;
  readonly grownMiB: number;
}

const PERFORMANCE = new URL("../docs/performance.md", import.meta.url);
const RESULTS = new URL("RESULTS.md", import.meta.url);

/** The results page, its charts and the figures of docs/performance.md, each in its place. */
export async function writeReport(report: Report): Promise<void> {
  const charts = drawCharts(report.comparisons);
  for (const [name, svg] of charts) await writeFile(new URL(name, import.meta.url), svg);
  const page = await readFile(RESULTS, "utf8");
  await writeFile(RESULTS, between(page, "figures", figures(report, [...charts.keys()])));
  await writeFile(PERFORMANCE, between(await readFile(PERFORMANCE, "utf8"), "performance", summary(report)));
}

/** The text with what stands between its two markers replaced. */
export function between(text: string, marker: string, content: string, script = "bench"): string {
  const [begin, end] = [`<!-- ${marker}: written by npm run ${script} -->`, `<!-- /${marker} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected the markers ${begin} and ${end}.`);
  return `${text.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${text.slice(to)}`;
}

function drawCharts(comparisons: readonly Comparison[]): ReadonlyMap<string, string> {
  const cpu: BarChart = {
    title: "CPU of a call beside the bare driver (dashed), less is better",
    series: ["this library"],
    groups: comparisons.map(({ name, library }) => ({ name, values: [library.cpuRatio] })),
    label: (value) => value.toFixed(2),
    mark: 1,
  };
  const charts = new Map([["cpu.svg", drawBars(cpu)]]);
  const [most] = comparisons.toSorted((a, b) => b.peers.length - a.peers.length);
  const peers = most?.peers.map(({ contender }) => contender) ?? [];
  if (peers.length === 0) return charts;
  const timed = comparisons.filter((one) => one.peers.length > 0);
  const wall: BarChart = {
    title: "Time of a call, less is better (logarithmic)",
    series: ["this library", ...peers],
    groups: timed.map(({ name, library, peers: own }) => ({
      name,
      values: [library.wall, ...peers.map((peer) => own.find(({ contender }) => contender === peer)?.wall)],
    })),
    label: duration,
    logarithmic: true,
  };
  return charts.set("peers.svg", drawBars(wall));
}

function figures(
  { comparisons, windowRatio, memory, versions, missing, notes }: Report,
  charts: readonly string[],
): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`;
  const peers = comparisons.filter((one) => one.peers.length > 0);
  return `
Measured on ${new Date().toISOString().slice(0, 10)}. ${machine}; Node ${process.version.slice(1)}; ${versions.join("; ")}. One node, heap 2 GB, replication 1.

${charts.map((name) => `![${name === "cpu.svg" ? "CPU beside the bare driver" : "Time beside other stores"}](${name})`).join("\n")}

## Beside the bare driver

| operation | raw, time | raw, CPU | control, time | control, CPU | library, time | library, CPU |
| --- | --- | --- | --- | --- | --- | --- |
${comparisons.map(floorRow).join("\n")}

A window of 20 out of 100,000 messages takes ${windowRatio.toFixed(2)} times as long as one out of 100.

| 100,000 messages | memory above idle at most |
| --- | --- |
${memory.map(({ name, grownMiB }) => `| ${name} | ${grownMiB.toFixed(0)} MB |`).join("\n")}
${peers.length === 0 ? "" : `\n## Beside other stores of LangChain\n\n${peerTable(peers)}\n\n${notes.map((note) => `- ${note}`).join("\n")}\n\n### Where others are faster\n\n${fasterPeers(peers)}`}
${missing.length === 0 ? "" : `\nLeft out: ${missing.join("; ")}.`}`;
}

function floorRow({ name, raw, control, controlSpread, library }: Comparison): string {
  const spread = controlSpread.map((one) => one.toFixed(2)).join("–");
  const cells = [
    name,
    duration(raw.wall),
    duration(raw.cpu),
    `${control.wallRatio.toFixed(2)} (${spread})`,
    control.cpuRatio.toFixed(2),
    library.wallRatio.toFixed(2),
    library.cpuRatio.toFixed(2),
  ];
  return `| ${cells.join(" | ")} |`;
}

function peerTable(comparisons: readonly Comparison[]): string {
  const names = [...new Set(comparisons.flatMap(({ peers }) => peers.map(({ contender }) => contender)))];
  const rows = comparisons.map(({ name, library, peers }) => {
    const cells = names.map((peer) => {
      const figure = peers.find(({ contender }) => contender === peer);
      return figure === undefined ? "" : `${duration(figure.wall)} (${figure.besideLibrary.toFixed(2)})`;
    });
    return `| ${[name, duration(library.wall), ...cells].join(" | ")} |`;
  });
  return [
    `| time of a call (times the library's) | this library | ${names.join(" | ")} |`,
    `| --- | --- | ${names.map(() => "---").join(" | ")} |`,
    ...rows,
  ].join("\n");
}

/** Every line on which another store took less time, in words. */
function fasterPeers(comparisons: readonly Comparison[]): string {
  const lines = comparisons.flatMap(({ name, controlSpread: [low, high], peers }) =>
    peers
      .filter(({ besideLibrary }) => besideLibrary < 1)
      .map(({ contender, besideLibrary }) => {
        const noise = besideLibrary > Math.min(low, 1 / high) ? ", no more than the control's noise" : "";
        return `- ${name}: ${contender} takes ${besideLibrary.toFixed(2)} times as long${noise}.`;
      }),
  );
  return lines.length === 0 ? "None was, in this run." : lines.join("\n");
}

function summary({ comparisons, windowRatio }: Report): string {
  const names = ["a turn of two", "the last 20 of 1,000", "read all of 1,000", "128 adds, none awaited, one session"];
  const rows = names.flatMap((name) => {
    const library = comparisons.find((one) => one.name === name)?.library;
    return library === undefined
      ? []
      : `| ${name} | ${library.wallRatio.toFixed(2)} | ${library.cpuRatio.toFixed(2)} |`;
  });
  return `
| times the bare driver's | time | CPU |
| --- | --- | --- |
${rows.join("\n")}

A window of 20 out of 100,000 messages takes ${windowRatio.toFixed(2)} times as long as one out of 100.`;
}
