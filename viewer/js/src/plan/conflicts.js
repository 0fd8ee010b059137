/** Electrodes that come too near each other, by what the engine says of them all. */

/**
 * The two electrodes that a rejected distance between electrodes is about: those whose axes pass
 * nearest to the point that the engine names.
 * @param {any} plan @param {any[]} scores
 * @returns {{metric: string, a: number, b: number, point_mm: number[], distance_mm: number}[]}
 */
export function conflicts(plan, scores) {
  return scores
    .filter((one) => one.placement === null && one.status === "rejected" && one.point_mm)
    .filter((one) => one.unit === "mm")
    .map(({ metric, point_mm, value }) => {
      const near = plan.placements
        .map((placement, n) => ({ n, far: offAxis(placement, point_mm) }))
        .sort((x, y) => x.far - y.far)
        .slice(0, 2)
        .map(({ n }) => n)
        .sort((x, y) => x - y);
      return { metric, a: near[0], b: near[1], point_mm, distance_mm: value };
    });
}

/** Distance of a point to the axis between entry and target [mm]. */
function offAxis({ entry_mm, target_mm }, point) {
  const way = target_mm.map((x, i) => x - entry_mm[i]);
  const from = point.map((x, i) => x - entry_mm[i]);
  const dot = (u, v) => u.reduce((sum, x, i) => sum + x * v[i], 0);
  const share = Math.min(Math.max(dot(from, way) / dot(way, way), 0), 1);
  return Math.hypot(...from.map((x, i) => x - share * way[i]));
}
