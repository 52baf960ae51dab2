/** One group of bars: a name and what each contender took; undefined where one cannot do it. */
export interface BarGroup {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

export interface BarChart {
  readonly title: string;
  /** One for each value of a group, in the same order. */
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
  /** A value in words. */
  readonly label: (value: number) => string;
  /** A dashed line, as for the floor. */
  readonly mark?: number;
  readonly logarithmic?: boolean;
}

const WIDTH = 760;
const NAMES = 250;
const BARS = 400;
const BAR = 14;
const GAP = 12;
/** Where the first line of names begins, and how far lines are from each other. */
const LEGEND = 34;
const LINE = 18;

// Distinguishable in grey and by the colour-blind (Okabe and Ito), on white and on black.
const STYLE = `text{font:12px system-ui,sans-serif;fill:#222}.title{font-size:15px;font-weight:600}.mark{stroke:#555;stroke-dasharray:3 3}
.s0{fill:#0072b2}.s1{fill:#e69f00}.s2{fill:#009e73}.s3{fill:#cc79a7}.s4{fill:#d55e00}
@media (prefers-color-scheme:dark){text{fill:#e6e6e6}.mark{stroke:#aaa}.s0{fill:#56b4e9}.s1{fill:#f0c05a}.s2{fill:#2fc79f}.s3{fill:#e3a3c8}.s4{fill:#f08a4b}}`;

/** Horizontal bars as an SVG of its own, without a background, so that it fits a light and a dark page. */
export function drawBars({ title, series, groups, label, mark, logarithmic = false }: BarChart): string {
  const values = groups.flatMap((group) => group.values.filter((value) => value !== undefined));
  const scale = scaleOf(values.concat(mark ?? []), logarithmic);
  const groupHeight = series.length * BAR + GAP;
  const names = placeNames(series);
  const top = LEGEND + (names.at(-1)?.y ?? 0) + LINE + 10;
  const height = top + groups.length * groupHeight + 8;
  const bars = groups.flatMap((group, at) => drawGroup(group, top + at * groupHeight, scale, label));
  const line =
    mark === undefined
      ? []
      : [
          `<line class="mark" x1="${NAMES + scale(mark)}" x2="${NAMES + scale(mark)}" y1="${top - 6}" y2="${height - 8}"/>`,
        ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title><style>${STYLE}</style>`,
    `<text class="title" x="8" y="22">${escapeText(title)}</text>`,
    ...names.map(drawName),
    ...bars,
    ...line,
    "</svg>\n",
  ].join("\n");
}

function scaleOf(values: readonly number[], logarithmic: boolean): (value: number) => number {
  const most = Math.max(...values);
  if (!logarithmic) return (value) => Math.round((value / most) * BARS);
  const least = Math.min(...values) / 2;
  return (value) => Math.round((Math.log(value / least) / Math.log(most / least)) * BARS);
}

interface PlacedName {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Side by side, on a new line where the picture ends. */
function placeNames(series: readonly string[]): PlacedName[] {
  let [x, y] = [8, 0];
  return series.map((name) => {
    const width = 34 + name.length * 7;
    if (x > 8 && x + width > WIDTH) [x, y] = [8, y + LINE];
    const placed = { name, x, y };
    x += width;
    return placed;
  });
}

function drawName({ name, x, y }: PlacedName, at: number): string {
  const top = LEGEND + y;
  return `<rect class="s${at}" x="${x}" y="${top}" width="12" height="12"/><text x="${x + 17}" y="${top + 10}">${escapeText(name)}</text>`;
}

function drawGroup(
  { name, values }: BarGroup,
  top: number,
  scale: (value: number) => number,
  label: (value: number) => string,
): string[] {
  const middle = top + (values.length * BAR) / 2 + 4;
  const bars = values.flatMap((value, at) => {
    if (value === undefined) return [];
    const [y, width] = [top + at * BAR, scale(value)];
    const text = `<text x="${NAMES + width + 6}" y="${y + 11}">${escapeText(label(value))}</text>`;
    return [`<rect class="s${at}" x="${NAMES}" y="${y}" width="${width}" height="${BAR - 2}"/>${text}`];
  });
  return [`<text x="${NAMES - 8}" y="${middle}" text-anchor="end">${escapeText(name)}</text>`, ...bars];
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
