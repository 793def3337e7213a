/**
 * The runbook of every restore. Whatever can be refused is refused before anything is touched; whatever is touched afterwards
 * is put back when a later step fails or somebody aborts; the old data is dropped only when the new is proved and serving.
 */
import type { RestoreJob } from '../../activities/contracts';
import type { Evidence } from '../../activities/verify/contracts';
import type { RestoreRequest } from '../../domain/requests';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';
import { workThrough } from '../pack-runs';
import { thaw } from '../storage/thaw';

export async function restoreRunbook(run: Run, request: RestoreRequest): Promise<void> {
  const at = (summary: string) => onSite(request.site, { summary });

  const resolved = await run.step('resolve the target', () =>
    onSite(request.site, { summary: 'resolve the target', first: true }).resolveRestore(request),
  );
  run.about({ backupId: resolved.backupId });
  run.warn(...resolved.warnings);
  run.undo('remove the spool', () => at('remove the spool').removeWorkDirs(resolved));
  const fetched = await run.step('fetch WAL', () => at('fetch WAL').fetchWal(resolved));
  const job = fetched.job;
  run.about({ backupId: job.backupId });
  run.findings.recoveryPoint = fetched.instant;
  run.findings.walBytes = fetched.walBytes;
  run.say(fetched.reaches === undefined ? undefined : `Restores to ${fetched.reaches}`);
  await run.step('check the target', () => at('check the target').checkTarget(job));
  await thaw(run, job);
  // What is frozen cannot be looked into.
  const frozen = request.dryRun && job.thaw !== undefined;
  if (frozen) run.warn('objects were not verified: they can be read only when they are thawed');
  else if (request.skipVerification)
    run.warn('objects were not verified before services were stopped (--skip-verification)');
  else await run.step('verify objects', () => verify(run, job));
  if (request.dryRun) {
    await run.step('remove the spool', () => at('remove the spool').removeWorkDirs(job));
    return;
  }

  const prior = await run.step('record the state of services', () =>
    at('record the state of services').recordServices(job),
  );
  run.undo('services as they were', () => at('services as they were').putServicesBack({ job, prior }));
  await run.step('stop services', () => at('stop services').stopServices({ job, prior }));
  run.undo('old data back in place', () => at('old data back in place').putDataBack(job));
  await run.step('set current data aside', () => at('set current data aside').setDataAside(job));
  for (const component of job.components) await place(run, job, component.name);
  for (const component of job.components.filter(({ kind }) => kind === 'postgres')) {
    const part = { job, component: component.name };
    await run.step(`prepare replay of ${component.name}`, () => at('prepare replay').prepareReplay(part));
    if (request.prove)
      await judged(run, `judge the files of ${component.name}`, (title) => at(title).judgePlaced(part));
    if (request.placeOnly) continue;
    run.undo(`end the replaying ${component.name}`, () => at('end the replaying server').endReplay(part));
    await run.step(`replay ${component.name} to the target`, () => at('replay to the target').replay(part));
    await run.step(`validate ${component.name}`, () => at('validate').validate(part));
    if (request.prove)
      await judged(run, `judge the restored ${component.name}`, (title) => at(title).judgeReplayed(part));
    await run.step(`stop the restored ${component.name}`, () => at('stop the restored server').finishReplay(part));
    run.settled(`end the replaying ${component.name}`);
  }
  run.undo('stop what was started', () => at('stop what was started').stopStarted({ job, prior }));
  await run.step('start services', () => at('start services').startServices({ job, prior }));
  run.findings.restored = await run.finalStep('drop data set aside', () => at('drop data set aside').dropSetAside(job));
  run.findings.bytes = job.bytes;
}

/**
 * Every object is read and compared before services stop. Beside them, in another directory, nothing is touched by then, and placing
 * authenticates every byte: there it is enough to know that the objects are there, and each crosses the network once.
 */
async function verify(run: Run, job: RestoreJob): Promise<void> {
  const { to, dryRun, onlyStore } = job.request;
  const elsewhere = onlyStore === undefined;
  const level = to === undefined || dryRun ? 'quick' : 'presence';
  run.expect({ bytes: job.bytes, packs: job.packs });
  for (const { name, runs, links = [], from = job } of job.components) {
    const { site, jobs } = job;
    const { store } = from;
    for (const link of [...links, { backupId: from.backupId, runs }]) {
      const { backupId } = link;
      const work = { kind: 'verify', site, backupId, component: name, store, level, elsewhere } as const;
      await workThrough(run, { work, from: 0, to: link.runs, jobs });
    }
  }
}

/** What others say of it goes into the result. */
async function judged(run: Run, title: string, ask: (title: string) => Promise<Evidence>): Promise<void> {
  const { evidence, findings } = await run.step(title, () => ask(title));
  run.testify(...evidence);
  run.warn(...findings);
}

async function place(run: Run, job: RestoreJob, name: string): Promise<void> {
  const { site, jobs } = job;
  const component = job.components.find((one) => one.name === name) as RestoreJob['components'][number];
  const { backupId, store } = component.from ?? job;
  const at = (summary: string) => onSite(site, { summary: `${summary} of ${name}` });
  await run.step(`make the folders of ${name}`, () => at('make the folders').prepareTree({ job, component: name }));
  await run.step(`place packs of ${name}`, async () => {
    run.expect({ bytes: component.bytes, packs: component.packs });
    const { roots, workDir } = component;
    const { delta, onlyStore } = job.request;
    const { links = [], runs } = component;
    for (const [link, older] of links.entries()) {
      const of = { kind: 'place', site, backupId: older.backupId, component: name, store, onlyStore } as const;
      await workThrough(run, { work: { ...of, roots, workDir, delta, link }, from: 0, to: older.runs, jobs });
    }
    const work = { kind: 'place', site, backupId, component: name, store, onlyStore, roots, workDir, delta } as const;
    await workThrough(run, { work, from: 0, to: runs, jobs });
  });
  await run.step(`finish the files of ${name}`, () => at('finish the files').finishTree({ job, component: name }));
}
