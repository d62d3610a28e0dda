// The declaration of an option: one entry gives the flag, the key in the configuration file, the type of the field in Options,
// the text of -help and the row in the reference. The lists stand in *-options.ts, options.ts joins them.

/** Why a value was refused. */
export class Invalid {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A value of the configuration file, independent of the YAML library. */
export type YamlNode =
  | { readonly type: "scalar"; readonly line: number; readonly text: string; readonly value: unknown }
  | { readonly type: "list"; readonly line: number; readonly items: readonly YamlNode[] }
  | {
      readonly type: "map";
      readonly line: number;
      readonly entries: readonly (readonly [key: string, value: YamlNode])[];
    };

/** How values of one type are read and shown. Values are plain data: Options are sent to workers. */
export interface OptionKind<T> {
  /** Name of the type in -help and in the reference. */
  readonly type: string;
  /** True when `-name` alone means true and a value needs `=`. */
  readonly isBool?: boolean;
  /** True when a repeated flag adds to the value instead of replacing it. */
  readonly accumulates?: boolean;
  /** Reads the text of a flag; `previous` is the value so far (of the file or of the same flag before). */
  fromFlag(text: string, previous: T): T | Invalid;
  fromYaml(node: YamlNode): T | Invalid;
  /** The default as -help shows it, "" for a zero value. */
  show(value: T): string;
}

export interface OptionSpec<N extends string = string, T = unknown> {
  readonly name: N;
  readonly kind: OptionKind<T>;
  readonly default: T;
  readonly description: string;
  /** True when using the option logs its description as a warning. */
  readonly deprecated: boolean;
  /** Key in the configuration file; null when the file cannot set it. */
  readonly yamlKey: string | null;
}

/** Declares an option. `description` is one sentence that says the unit and what zero means. */
export function option<const N extends string, T>(
  name: N,
  kind: OptionKind<T>,
  initial: NoInfer<T>,
  description: string,
  more: { deprecated?: boolean; yamlKey?: string | null } = {},
): OptionSpec<N, T> {
  return {
    name,
    kind,
    default: initial,
    description,
    deprecated: more.deprecated ?? false,
    yamlKey: more.yamlKey === undefined ? name : more.yamlKey,
  };
}

/** `forwarded-headers-exclude-cidrs` as `forwardedHeadersExcludeCidrs`. */
export type FieldName<N extends string> = N extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<FieldName<Tail>>}`
  : N;

/** The values of a list of options, by field name. */
export type OptionValues<S extends readonly OptionSpec[]> = {
  -readonly [E in S[number] as FieldName<E["name"]>]: E extends OptionSpec<string, infer T> ? T : never;
};

/** The field of an option in Options. */
export function fieldName(name: string): string {
  return name.replace(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
}
