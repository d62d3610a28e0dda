// The YAML document of -open-telemetry (spec observability 9.2): its keys, and how it is read. What it means together with the
// environment stands in open-telemetry.ts.

import { Invalid, type OptionKind, type YamlNode } from "./option.ts";
import { duration, expected, int, list, map, string } from "./option-kinds.ts";
import { readYaml } from "./yaml.ts";

const keys = {
  tracesExporter: string,
  exporterOtlp: { protocol: string, endpoint: string, headers: map },
  resourceAttributes: map,
  propagators: list(),
  batchSpanProcessor: { scheduleDelay: duration, exportTimeout: duration, maxQueueSize: int, maxExportBatchSize: int },
};

interface Keys {
  readonly [key: string]: OptionKind<unknown> | Keys;
}

type Values<K> = {
  readonly [N in keyof K]?: K[N] extends OptionKind<infer T> ? NonNullable<T> : Values<K[N]>;
};

export interface OpenTelemetryDocument {
  readonly values: Values<typeof keys>;
  /** Keys that are not known, with those that they stand under. */
  readonly unknown: readonly string[];
}

/** Null: not given. */
export const openTelemetryDocument: OptionKind<OpenTelemetryDocument | null> = {
  type: "yaml",
  fromFlag(text) {
    const node = readYaml(text);
    const read = node instanceof Invalid ? node : isNull(node) ? null : readDocument(node);
    return read instanceof Invalid ? new Invalid(`failed to parse yaml: ${read.message}`) : read;
  },
  fromYaml: readDocument,
  show: () => "",
};

function readDocument(node: YamlNode): OpenTelemetryDocument | Invalid {
  const unknown: string[] = [];
  const values = readKeys(keys, node, "", unknown);
  // Read by the kinds that the type comes from.
  return values instanceof Invalid ? values : { values: values as Values<typeof keys>, unknown };
}

/** `path`: to the mapping, "" for the whole document. */
function readKeys(known: Keys, node: YamlNode, path: string, unknown: string[]): Record<string, unknown> | Invalid {
  if (node.type !== "map") return at(path, expected("a mapping", node));
  const values: Record<string, unknown> = {};
  for (const [key, value] of node.entries) {
    const name = path === "" ? key : `${path}.${key}`;
    const kind = Object.hasOwn(known, key) ? known[key] : undefined;
    if (kind === undefined) unknown.push(name);
    if (kind === undefined || isNull(value)) continue;
    const read = isKind(kind) ? at(name, kind.fromYaml(value)) : readKeys(kind, value, name, unknown);
    if (read instanceof Invalid) return read;
    values[key] = read;
  }
  return values;
}

function at<T>(path: string, read: T | Invalid): T | Invalid {
  return read instanceof Invalid && path !== "" ? new Invalid(`${path}: ${read.message}`) : read;
}

function isKind(entry: OptionKind<unknown> | Keys): entry is OptionKind<unknown> {
  return typeof entry.fromYaml === "function";
}

function isNull(node: YamlNode): boolean {
  return node.type === "scalar" && node.value === null;
}
