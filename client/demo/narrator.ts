/** Tells the person who watches what happens, on stderr, with the time since the beginning in front. */
import { say } from '../output/say';

export class Narrator {
  private readonly started = performance.now();

  get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  line(text: string): void {
    const whole = Math.floor(this.seconds);
    const clock = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
    say(`${clock.padStart(5)}  ${text}`);
  }

  /** Belongs to the line before. */
  more(text: string): void {
    say(`       ${text}`);
  }
}
