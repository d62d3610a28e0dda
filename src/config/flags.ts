// The flag parser of all commands (spec eskip-cli 3.1, flags 1): pure, from a list of arguments to values, or to what is wrong.

import { fieldName, Invalid, type OptionSpec } from "./option.ts";

export type FlagResult =
  /** `values` by field name, only of flags that were given; `given` are their names; `rest` is what follows the flags. */
  | { readonly values: Readonly<Record<string, unknown>>; readonly given: readonly string[]; readonly rest: string[] }
  /** -h or -help. */
  | { readonly help: true }
  | { readonly error: string };

/**
 * Reads `argv` (without the program). Flags end at the first other argument or after `--`. `before` holds values that
 * accumulating flags add to (those of the configuration file), by field name.
 */
export function parseFlags(
  specs: readonly OptionSpec[],
  argv: readonly string[],
  before: Readonly<Record<string, unknown>> = {},
): FlagResult {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const values: Record<string, unknown> = {};
  const given: string[] = [];
  let i = 0;
  while (i < argv.length) {
    const arg = argv[i]!;
    if (arg.length < 2 || !arg.startsWith("-")) break;
    i++;
    if (arg === "--") break;
    const flag = arg.slice(arg.startsWith("--") ? 2 : 1);
    const equals = flag.indexOf("=", 1);
    const name = equals < 0 ? flag : flag.slice(0, equals);
    if (name.startsWith("-") || name.startsWith("=")) return { error: `bad flag syntax: ${arg}` };
    const spec = byName.get(name);
    if (spec === undefined) {
      return name === "h" || name === "help" ? { help: true } : { error: `flag provided but not defined: -${name}` };
    }
    let text: string;
    if (equals >= 0) text = flag.slice(equals + 1);
    else if (spec.kind.isBool === true) text = "true";
    else if (i < argv.length) text = argv[i++]!;
    else return { error: `flag needs an argument: -${name}` };

    const field = fieldName(name);
    const previous = field in values ? values[field] : field in before ? before[field] : spec.default;
    const value = spec.kind.fromFlag(text, previous);
    if (value instanceof Invalid) {
      const what = spec.kind.isBool === true ? "invalid boolean value" : "invalid value";
      const link = spec.kind.isBool === true ? "for" : "for flag";
      return { error: `${what} ${JSON.stringify(text)} ${link} -${name}: ${value.message}` };
    }
    values[field] = value;
    given.push(name);
  }
  return { values, given, rest: argv.slice(i) };
}

/** The text of -help: flags sorted by name with type, description and default (spec flags 1). */
export function usage(program: string, specs: readonly OptionSpec[]): string {
  let out = `Usage of ${program}:\n`;
  for (const spec of specs.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const type = spec.kind.isBool === true ? "" : ` ${spec.kind.type}`;
    const shown = spec.kind.show(spec.default);
    out += `  -${spec.name}${type}\n    \t${spec.description}${shown === "" ? "" : ` (default ${shown})`}\n`;
  }
  return out;
}
