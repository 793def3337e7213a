/** What the bootstrap tells a person: always on stderr, so that stdout stays the program's own. */

/** One line of progress. */
export function say(message) {
  process.stderr.write(`holdfast: ${message}\n`);
}

/** Something is missing and the bootstrap cannot bring it; `hint` is the one command (or setting) that helps. */
export class MissingPiece extends Error {
  constructor(message, hint) {
    super(message);
    this.name = 'MissingPiece';
    this.hint = hint;
  }
}

/** What was fetched is not what was published: never worked around by another way to the same part. */
export class ForgedPiece extends MissingPiece {}

/** Runs an entry point; a missing piece ends it with exit code 2 (could not run) and its hint. */
export async function orExplain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof MissingPiece)) throw error;
    process.stderr.write(`holdfast: ${error.message}\nhint: ${error.hint}\n`);
    process.exitCode = 2;
  }
}
