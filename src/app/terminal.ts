/** How the commands speak: progress bars, errors in plain words, numbers that people read. */
import process from 'node:process';
import { SingleBar } from 'cli-progress';
import type { PullProgress } from '../engines/weights/pull-task.ts';
import { GradusError, toGradusError } from '../kernel/errors.ts';

/** Shows a pull as one line that moves on a terminal, and as a line per phase elsewhere. Writes to stderr. */
export function createPullDisplay(): { show(progress: PullProgress): void; end(): void } {
  const isTerminal = process.stderr.isTTY;
  let bar: SingleBar | undefined;
  let lastPhase = '';
  let lastPrintedPercent = -10;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show(progress) {
      const { phase, model, receivedBytes, totalBytes, note, source } = progress;
      if (note !== undefined) {
        end();
        process.stderr.write(`${note}\n`);
      }
      if (phase !== lastPhase) {
        end();
        lastPhase = phase;
        lastPrintedPercent = -10;
        if (phase !== 'done') {
          process.stderr.write(`${model}: ${phase}${source === undefined ? '' : ` (${source})`}\n`);
        }
      }
      if (totalBytes === undefined || phase === 'done' || receivedBytes === 0) return;
      const rate = progress.bytesPerSecond === undefined ? '' : `${formatBytes(progress.bytesPerSecond)}/s`;
      const left = progress.remainingMs === undefined ? '' : `${formatDuration(progress.remainingMs)} left`;
      const percent = Math.floor((100 * receivedBytes) / totalBytes);
      if (!isTerminal) {
        if (percent < lastPrintedPercent + 10) return;
        lastPrintedPercent = percent;
        process.stderr.write(
          `  ${percent}% of ${formatBytes(totalBytes)} ${[rate, left].filter((part) => part !== '').join(', ')}\n`,
        );
        return;
      }
      bar ??= startBar(totalBytes);
      bar.setTotal(totalBytes);
      bar.update(receivedBytes, {
        rate,
        left,
        size: `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`,
      });
    },
    end,
  };
}

/** One sentence what is wrong and one what to do. */
export function describeError(thrown: unknown): string {
  const error = toGradusError(thrown);
  const lines = [error.message.trim(), error.kind.advice];
  if (error.code === 'internal' && error.cause instanceof Error) lines.push(error.cause.stack ?? '');
  return lines.join('\n');
}

/** 2 for wrong use of the command, 1 for work that failed. */
export function exitCodeOf(thrown: unknown): 1 | 2 {
  const usage = ['invalid-config', 'model-not-found', 'invalid-request', 'unsupported-parameter'];
  return thrown instanceof GradusError && usage.includes(thrown.code) ? 2 : 1;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}

export function formatDuration(durationMs: number): string {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Columns as wide as their widest cell. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function startBar(totalBytes: number): SingleBar {
  const bar = new SingleBar({
    format: '  {bar} {percentage}%  {size}  {rate}  {left}',
    stream: process.stderr,
    hideCursor: true,
    barsize: 30,
  });
  bar.start(totalBytes, 0, { rate: '', left: '', size: '' });
  return bar;
}
