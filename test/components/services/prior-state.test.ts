import { putBack, recordStates, startServices, stopServices } from '../../../components/services/prior-state';
import type { ServiceControl, ServiceState } from '../../../components/services/service';

class Fake implements ServiceControl {
  sick: boolean = false;

  constructor(
    readonly name: string,
    public current: ServiceState,
    private readonly log: string[],
  ) {}

  state = async () => this.current;

  async stop() {
    if (this.current !== 'running') return;
    this.log.push(`stop ${this.name}`);
    this.current = 'stopped';
  }

  async start() {
    if (this.current === 'running') return;
    this.log.push(`start ${this.name}`);
    this.current = 'running';
  }

  async healthy() {
    this.log.push(`health ${this.name}`);
    if (this.sick) throw new Error(`${this.name} is sick`);
  }
}

function three() {
  const log: string[] = [];
  const services = [new Fake('db', 'running', log), new Fake('batch', 'stopped', log), new Fake('web', 'running', log)];
  return { log, services, states: () => services.map((one) => one.current) };
}

test('what ran is stopped in the opposite order and started in order; what was stopped stays stopped', async () => {
  const { log, services, states } = three();
  const prior = await recordStates(services);
  expect(prior).toEqual({ db: 'running', batch: 'stopped', web: 'running' });
  await stopServices(services, prior);
  expect(states()).toEqual(['stopped', 'stopped', 'stopped']);
  await startServices(services, prior);
  expect(log).toEqual(['stop web', 'stop db', 'start db', 'health db', 'start web', 'health web']);
  expect(states()).toEqual(['running', 'stopped', 'running']);
});

test('a service that somebody started meanwhile is stopped again when everything is put back', async () => {
  const { services, states } = three();
  const prior = await recordStates(services);
  await stopServices(services, prior);
  (services[1] as Fake).current = 'running';
  await putBack(services, prior);
  expect(states()).toEqual(['running', 'stopped', 'running']);
});

test('one that cannot be put back does not keep the others from it, and is told', async () => {
  const { services, states } = three();
  const prior = await recordStates(services);
  await stopServices(services, prior);
  (services[0] as Fake).sick = true;
  await expect(putBack(services, prior)).rejects.toThrow('db is sick');
  expect(states()).toEqual(['running', 'stopped', 'running']);
});

test('nothing is done to a service that is absent', async () => {
  const log: string[] = [];
  const gone = [new Fake('gone', 'absent', log)];
  const prior = await recordStates(gone);
  await stopServices(gone, prior);
  await startServices(gone, prior);
  await putBack(gone, prior);
  expect(log).toEqual([]);
});
