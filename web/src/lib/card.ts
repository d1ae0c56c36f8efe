/** A model's card in words. */

export interface Line {
  title: string;
  texts: string[];
}

interface Score {
  metric: string;
  value: number;
  protocol: string;
  clips: number | null;
  interval: [number, number] | null;
  source: string;
}

const METRICS: Record<string, string> = { roc_auc: "ROC-AUC", ap: "Average precision", bce: "Cross-entropy" };

/** What a reader asks of a model: data, protocol and score, licence, cost; lines without an answer are left out. */
export function cardLines(card: Record<string, unknown>): Line[] {
  const lines: [string, string[]][] = [
    ["Trained on", texts(card.trained_on)],
    ["Scores", list<Score>(card.scores).map(describeScore)],
    ["Licence", texts(card.licence)],
    ["Tags", describeTags(card.vocabulary)],
    ["Architecture", texts(card.architecture)],
    ["Cost", describeCost(card.cost)],
    ["Paper", texts(card.paper)],
    ["Deviations", list<unknown>(card.deviations).flatMap(texts)],
    ["Published at", texts((card.provenance as { url?: unknown } | null)?.url)],
  ];
  return lines.filter(([, found]) => found.length).map(([title, found]) => ({ title, texts: found }));
}

function texts(value: unknown): string[] {
  return typeof value === "string" && value ? [value] : [];
}

function list<T>(value: unknown): T[] {
  return Array.isArray(value) ? value : [];
}

function describeScore({ metric, value, protocol, clips, interval, source }: Score): string {
  const range = interval ? ` (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})` : "";
  const count = clips === null ? "" : `, ${clips} clips`;
  return `${METRICS[metric] ?? metric} ${value.toFixed(3)}${range}: ${protocol}${count}; ${source}`;
}

function describeTags(vocabulary: unknown): string[] {
  const { tags, name, source } = (vocabulary ?? {}) as { tags?: object; name?: string; source?: string };
  return tags ? [`${Object.keys(tags).length}, vocabulary ${name}: ${source}`] : [];
}

function describeCost(cost: unknown): string[] {
  const { parameters, macs_per_second: macs, file_bytes: bytes } = (cost ?? {}) as Record<string, number | undefined>;
  const parts = [
    parameters && `${amount(parameters)} parameters`,
    macs && `${amount(macs)} multiply-accumulates per second of audio`,
    bytes && `a file of ${amount(bytes)}B`,
  ];
  const text = parts.filter(Boolean).join(", ");
  return text ? [text] : [];
}

/** Number with an SI prefix, such as 3.2 M. */
function amount(value: number): string {
  const [scale, prefix] = ([[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const).find(([least]) => value >= least) ?? [1, ""];
  return `${Number((value / scale).toPrecision(2))} ${prefix}`;
}
