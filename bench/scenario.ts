// What a scenario gets and gives. A scenario measures; whether that is good enough is decided by bench.ts with budgets.json.

export interface ScenarioOptions {
  /** The launchers to measure: ours first, then the one of --against, when given. */
  readonly launchers: readonly { readonly name: string; readonly path: string }[];
  readonly rounds: number;
  readonly seconds: number;
  /** 1 for the sizes of the bars; a smaller share makes smaller tables and bodies, to try the mechanics. */
  readonly scale: number;
}

/** One figure for which there is a bar: its key stands in budgets.json. */
export interface Figure {
  readonly key: string;
  readonly value: number;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  /** Everything that was measured, for the table and the recorded result. */
  readonly table: readonly Readonly<Record<string, string | number>>[];
  /** What a reader must know to read the figures (a peer that is missing, a core that was not full). */
  readonly notes: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  run(options: ScenarioOptions): Promise<Outcome>;
}
