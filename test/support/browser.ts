/** A real Chromium that opens pages from disk, and says what they asked for, what they complained of, and which rules of accessible pages they break. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

export interface Look {
  width?: number;
  colorScheme?: 'light' | 'dark';
  media?: 'screen' | 'print';
}

export interface Seen {
  /** URLs of everything but the page itself. */
  requests: string[];
  /** Errors and warnings of the console, and exceptions. */
  complaints: string[];
  /** Broken rules of axe-core with the elements. */
  violations: string[];
  /** By how many pixels it is wider than the window. */
  overhang: number;
  title: string;
}

export class TestBrowser {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'hf-pages-'));

  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<TestBrowser> {
    const executablePath = process.env['HOLDFAST_CHROMIUM'];
    if (executablePath === undefined) throw new Error('no browser: npm test brings one, or HOLDFAST_CHROMIUM names it');
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
    return new TestBrowser(await chromium.launch({ executablePath, args }));
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Opened from a file, with no network. */
  async open(html: string, { width = 1200, colorScheme = 'light', media = 'screen' }: Look = {}): Promise<Seen> {
    const file = path.join(this.folder, 'page.html');
    writeFileSync(file, html);
    const address = pathToFileURL(file).href;
    const context = await this.browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      offline: true,
      // Rules are asked inside the page, which allows no script itself.
      bypassCSP: true,
    });
    try {
      const page = await context.newPage();
      await page.emulateMedia({ media, colorScheme });
      const [requests, complaints] = [[] as string[], [] as string[]];
      page.on('request', (asked) => asked.url() !== address && requests.push(asked.url()));
      page.on('console', (said) => ['error', 'warning'].includes(said.type()) && complaints.push(said.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(address);
      const overhang = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
      return { requests, complaints, overhang, title: await page.title(), violations: await brokenRules(page) };
    } finally {
      await context.close();
    }
  }
}

async function brokenRules(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
