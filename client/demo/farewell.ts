/** The end of the story as the person who watched reads it. */
import path from 'node:path';
import type { DemoResult, Performance } from './performance';

export function tellEnd({ narrator }: Performance, result: DemoResult, problems: string[]): void {
  for (const problem of problems) narrator.line(`WRONG: ${problem}`);
  if (result.restored) {
    narrator.line(
      `right: every transfer until ${result.target} and none after it, every account and every file as it was`,
    );
    narrator.more(
      `it served again ${result.rtoSeconds} s after the wreck; the store was ${result.rpoSeconds} s behind it`,
    );
  }
  narrator.more(`report: ${result.report}`);
}

export function tellHowToLook({ stage, engine, narrator }: Performance): void {
  const { folder, configFile, cluster } = stage;
  const env = `HOLDFAST_CONFIG=${configFile} XDG_STATE_HOME=${path.join(folder, 'state')}`;
  narrator.line('everything goes on running (--keep)');
  narrator.more(`Web UI     ${engine.answer.ui}`);
  narrator.more(`commands   ${env} npm run -s holdfast -- status`);
  narrator.more(`database   psql "${cluster.conninfo}"`);
  narrator.more(`end it     npm run demo -- --end ${folder}`);
}
