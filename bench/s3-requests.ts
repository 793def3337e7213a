/** Requests to an S3 service, told apart as its bill tells them, and what they cost. */

export const requestKinds = ['PUT', 'POST', 'LIST', 'GET', 'HEAD', 'DELETE'] as const;
export type RequestKind = (typeof requestKinds)[number];

/**
 * US dollars for a thousand: S3 Standard in us-east-1, as listed at aws.amazon.com/s3/pricing in November 2026 (PUT, COPY, POST and
 * LIST; GET and all others; DELETE is free). Deleting many objects with one request is a POST, and counted as one, which is at most
 * too dear.
 */
export const dollarsPerThousand: Record<RequestKind, number> = {
  ...{ PUT: 0.005, POST: 0.005, LIST: 0.005 },
  ...{ GET: 0.0004, HEAD: 0.0004 },
  DELETE: 0,
};

export class RequestTally {
  private readonly counts = new Map<RequestKind, number>();
  /** Looks at who may write: the claim of one writer, and its successor's, which is not there. */
  claims = 0;

  count(method: string, url: string): void {
    const kind = kindOf(method, url);
    this.counts.set(kind, this.of(kind) + 1);
    if (kind === 'HEAD' && /\/writers\/[^/]+\/\d{10}\/claim(\?|$)/.test(url)) this.claims++;
  }

  clear(): void {
    this.counts.clear();
    this.claims = 0;
  }

  of(kind: RequestKind): number {
    return this.counts.get(kind) ?? 0;
  }

  get all(): number {
    return requestKinds.reduce((sum, kind) => sum + this.of(kind), 0);
  }

  get dollars(): number {
    return requestKinds.reduce((sum, kind) => sum + (this.of(kind) * dollarsPerThousand[kind]) / 1000, 0);
  }
}

/** @throws Error when S3 knows no such method */
export function kindOf(method: string, url: string): RequestKind {
  if (method === 'GET') {
    const asked = new URL(url, 'http://s3').searchParams;
    return ['list-type', 'versions', 'uploads'].some((name) => asked.has(name)) ? 'LIST' : 'GET';
  }
  const kind = requestKinds.find((one) => one === method && one !== 'LIST');
  if (kind === undefined) throw new Error(`S3 has no request ${method} ${url}`);
  return kind;
}
