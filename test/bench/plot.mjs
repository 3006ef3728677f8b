// A small plot of text: how a figure grows.
const width = 60;
const height = 12;

/** Points (x, y ≥ 0) and the straight line that fits them best. */
export function plot(points, xName, yName) {
  const maxX = Math.max(...points.map(({ x }) => x));
  const maxY = Math.max(...points.map(({ y }) => y)) * 1.05;
  const grid = Array.from({ length: height + 1 }, () => Array(width + 1).fill(' '));
  const { slope, start, fit } = line(points);
  const mark = (x, y, sign) => {
    const row = height - Math.round((y / maxY) * height);
    if (row >= 0 && row <= height) grid[row][Math.round((x / maxX) * width)] = sign;
  };
  for (let column = 0; column <= width; column += 1) {
    const x = (column / width) * maxX;
    mark(x, start + slope * x, '·');
  }
  for (const { x, y } of points) mark(x, y, '●');
  const label = (row) => (row % 4 === 0 ? (maxY * (1 - row / height)).toFixed(1) : '').padStart(6);
  const lines = grid.map((cells, row) => `${label(row)} │${cells.join('').trimEnd()}`);
  const axis = `${' '.repeat(6)} └${'─'.repeat(width + 1)}`;
  const formula = `${start.toFixed(2)} s + ${(slope * 1000).toFixed(1)} ms a machine, R² = ${fit.toFixed(3)}`;
  return [yName.padStart(8), ...lines, axis, `${' '.repeat(8)}0 … ${maxX} ${xName}; ${formula}`].join('\n');
}

/** Least squares. */
function line(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const covariance = mean((point) => (point.x - x) * (point.y - y));
  const slope = covariance / mean((point) => (point.x - x) ** 2);
  const start = y - slope * x;
  const rest = mean((point) => (point.y - start - slope * point.x) ** 2);
  return { slope, start, fit: 1 - rest / mean((point) => (point.y - y) ** 2) };
}
