/** Every page as a person opens it: from disk, on a desk and on a phone, by day and by night, and on paper. */
import { procedureReport } from '../../reports/procedure-report';
import { recoveryTestPage } from '../../reports/recovery-test-page';
import { type Look, TestBrowser } from '../support/browser';
import { receipt, testedSite } from './samples';

const pages: [string, string][] = [
  [
    'a procedure',
    procedureReport({
      ...{ title: 'Restore', verdict: { good: true, sentence: 'done' }, facts: [{ label: 'RTO', value: '20s' }] },
      ...{ events: [{ at: '2026-01-02T03:04:15.000Z', label: 'kill -9' }], receipt },
    }),
  ],
  ['recovery tests', recoveryTestPage('shop', ['dc01'], [testedSite])],
];
const looks: [string, Look][] = [
  ['on a desk', {}],
  ['by night', { colorScheme: 'dark' }],
  ['on a phone', { width: 360 }],
  ['on a phone by night', { width: 360, colorScheme: 'dark' }],
  ['on paper', { width: 700, media: 'print' }],
];

let browser: TestBrowser;

beforeAll(async () => {
  browser = await TestBrowser.start();
});
afterAll(() => browser?.close());

describe.each(pages)('the page of %s', (_, html) => {
  test.each(looks)(
    '%s it asks for nothing, complains of nothing, fits, and everybody can read it',
    async (__, look) => {
      const { title, ...seen } = await browser.open(html, look);
      expect(html).toContain(`<title>${title}</title>`);
      expect(seen).toEqual({ requests: [], complaints: [], violations: [], overhang: expect.any(Number) });
      expect(seen.overhang).toBeLessThanOrEqual(0);
    },
  );
});

test('a page that breaks all of it is told so', async () => {
  const seen = await browser.open(
    '<html><body><img src="http://nowhere.invalid/x.png"><p style="width: 3000px; color: #ddd; background: #fff">wide</p><script>throw new Error("no")</script>',
  );
  expect(seen.requests).toEqual(['http://nowhere.invalid/x.png']);
  expect(seen.complaints.length).toBeGreaterThan(1);
  expect(seen.violations.join('\n')).toMatch(/image-alt/);
  expect(seen.overhang).toBeGreaterThan(1000);
});
