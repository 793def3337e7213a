/**
 * `npm run demo`: a real PostgreSQL under load is backed up, wrecked, and brought back to a chosen second while the worker is
 * killed in the middle. Progress goes to stderr; the last line on stdout is one JSON object, see {@link DemoResult}.
 *
 * Exit codes: 0 everything is right, 1 the answer is bad, 2 it could not run, 130 interrupted.
 * Guaranteed: whatever it started is ended by its pid and its folder removed, however it ends, unless `--keep` is given. Only
 * the report stays. Not guaranteed: anything after the demo itself is killed with -9.
 */
import { userPath } from '../../components/config-file/load';
import { reportFailure } from '../output/failure';
import { endKept } from './end-kept';
import { Interruption } from './interruption';
import { Narrator } from './narrator';
import { readOptions, usage } from './options';
import { setUp } from './prologue';
import { perform } from './story';
import { Tidy } from './tidy';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (options.end !== undefined) {
    await endKept(userPath(options.end));
    return 0;
  }
  const interruption = new Interruption();
  const narrator = new Narrator();
  const tidy = new Tidy();
  const setting = { options, narrator, tidy, signal: interruption.signal };
  const preparing = setUp(setting);
  let performing: Promise<unknown> = preparing;
  let prepared = false;
  try {
    const on = await interruption.orResult(preparing);
    prepared = true;
    const telling = perform(on, options);
    performing = telling;
    const result = await interruption.orResult(telling);
    if (options.keep) tidy.keep();
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.restored ? 0 : 1;
  } catch (error) {
    if (interruption.signal.aborted) {
      narrator.line('interrupted: ending what was started');
      return 130;
    }
    const code = await reportFailure(error, false);
    return prepared ? code : 2;
  } finally {
    await tidy.run(performing);
  }
}

void main().then(
  (code) => process.exit(code),
  async (error) => process.exit(await reportFailure(error, false)),
);
