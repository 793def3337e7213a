import { recoveryTestPage } from '../../reports/recovery-test-page';
import { testedSite as result } from './samples';

test('a page says of each scenario what was restored, how it ended and what was shown, and nothing of it is markup', () => {
  const html = recoveryTestPage('shop', ['dc01'], [result]);
  expect(html).toContain('<title>Recovery tests of shop, dc01, 2026-01-31T10:00:00.000Z</title>');
  for (const text of [
    '1 of 3 scenarios proved',
    'shop_full_20260131_020000',
    'damage was not found',
    'could not run',
  ]) {
    expect(html).toContain(text);
  }
  expect(html).not.toContain('<b>x</b>');
  expect(html).toContain('&lt;b&gt;x&lt;/b&gt;');
  expect(html).toContain('prefers-color-scheme: dark');
});
