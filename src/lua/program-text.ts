// The texts of a program: who reads files need not be who runs them.

export interface ChunkText {
  readonly text: string;
  /** As `load` takes it: `@file`, or the text itself. */
  readonly chunkName: string;
}

export interface ProgramText {
  readonly name: string;
  readonly main: ChunkText;
  /** By name, what its chunk requires; a string says why a module is not there. */
  readonly modules: ReadonlyMap<string, ChunkText | string>;
}
