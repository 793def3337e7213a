import { createServer } from 'node:net';
import { Runtime } from '@temporalio/worker';
import { serveMetrics } from '../../workers/metrics';
import { freePort } from '../support/postgres-host';

afterAll(() => Runtime.instance().shutdown());

const labels = { system: 's', site: 'dc01', component: 'a', store: 'hot' };

test('an address that nothing can listen at is refused before anything of the engine is there', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const refusal = { code: 'usage', message: expect.stringContaining('another process listens there') };
  await expect(serveMetrics(`localhost:${port}`)).rejects.toMatchObject(refusal);
  await new Promise((resolve) => taken.close(resolve));
  await expect(serveMetrics('nowhere')).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('is no address'),
  });
  await expect(serveMetrics('127.0.0.1:0')).rejects.toMatchObject({ code: 'usage' });
  await expect(serveMetrics('no-such-host.invalid:9464')).rejects.toMatchObject({ code: 'usage' });
});

test('a series begins with its first measurement, and loses its value when it is not measured again', async () => {
  const port = await freePort();
  const gauges = await serveMetrics(`127.0.0.1:${port}`);
  const scrape = async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(await scrape()).not.toContain('holdfast_');
  gauges.publish([{ name: 'holdfast_rpo_seconds', labels, value: 0.25 }]);
  const series = 'holdfast_rpo_seconds{component="a",site="dc01",store="hot",system="s"}';
  expect(await scrape()).toContain(`${series} 0.25\n`);
  gauges.publish([{ name: 'holdfast_wal_gaps', labels, value: 0 }]);
  expect(await scrape()).toContain(`${series} NaN\n`);
  gauges.publish([{ name: 'holdfast_rpo_seconds', labels, value: 3 }]);
  expect(await scrape()).toContain(`${series} 3\n`);
});
