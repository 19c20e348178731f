/** A row of numbers as a line. The figure beside it says in words what it is of. */
import { HEIGHT, pointsOf, WIDTH } from './points.ts';

export function Sparkline({ values }: { values: readonly number[] }) {
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={pointsOf(values)} />
    </svg>
  );
}
