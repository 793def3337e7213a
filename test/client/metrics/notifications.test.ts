import { deliverySamples } from '../../../client/metrics/notifications';
import { parseConfig } from '../../../domain/config/parse';

const { config } = parseConfig(
  `system: shop
sites: { dc01: { components: { files: { kind: files, paths: [/etc] } } } }
stores: { hot: { kind: dir, path: /hot } }
notifications: { targets: { team: { kind: command, argv: [/bin/true] }, boss: { kind: command, argv: [/bin/true] } } }
`,
  '/c/holdfast.yaml',
);

test('a target that heard of nothing yet is not failing; one that the last notice did not reach is', () => {
  const own = { system: 'shop', target: 'boss', arrived: false, at: 5000 };
  const another = { ...own, system: 'other', target: 'team' };
  expect(deliverySamples(config, [own, another])).toEqual([
    { name: 'holdfast_notification_failing', labels: { system: 'shop', target: 'team' }, value: 0 },
    { name: 'holdfast_notification_failing', labels: { system: 'shop', target: 'boss' }, value: 1 },
    { name: 'holdfast_notification_timestamp_seconds', labels: { system: 'shop', target: 'boss' }, value: 5 },
  ]);
});
