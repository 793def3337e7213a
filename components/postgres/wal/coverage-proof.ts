/**
 * When the server's clock may be called covered.
 *
 * A keepalive tells the server's clock and how far it has *sent*, which says nothing of what it has flushed but not sent yet. The
 * server looks for new WAL between any answer to a status update and its next message. So the next message proves the keepalive
 * before it: a second answer with the same end says that nothing was flushed in between, and WAL says how far the flushed WAL
 * reached by then. Only answers count (keepalives that ask nothing of us); we never have two questions under way.
 */
import type { Micros } from '../../../domain/instant';
import type { Lsn } from '../../../domain/lsn';

export interface Mark {
  /** Everything durable on the server at `serverTime` lies before this position. */
  lsn: Lsn;
  serverTime: Micros;
}

export class CoverageProof {
  private candidate?: Mark;
  private proven: Mark[] = [];

  /** Whether one more answer at once would prove what is known now. */
  get wantsProof(): boolean {
    return this.candidate !== undefined;
  }

  answer(end: Lsn, serverTime: Micros): void {
    if (this.candidate && this.candidate.lsn === end) this.prove(end, this.candidate.serverTime);
    this.candidate = { lsn: end, serverTime };
  }

  wal(serverEnd: Lsn): void {
    if (this.candidate) this.prove(serverEnd, this.candidate.serverTime);
    this.candidate = undefined;
  }

  /** The newest mark whose WAL ends at or before `stored`. Marks stay, since stores differ in what they hold. */
  newest(stored: Lsn): Mark | undefined {
    return this.proven.findLast((mark) => mark.lsn <= stored);
  }

  /** Forgets what every store has passed, except the newest of it. */
  forget(stored: Lsn): void {
    const passed = this.proven.findLastIndex((mark) => mark.lsn <= stored);
    if (passed > 0) this.proven.splice(0, passed);
  }

  private prove(lsn: Lsn, serverTime: Micros): void {
    const last = this.proven.at(-1);
    // A quiet server proves one position again and again; and a store that is down must not fill our memory with marks.
    if (last?.lsn === lsn) this.proven.pop();
    if (this.proven.length < 10_000) this.proven.push({ lsn, serverTime });
  }
}
