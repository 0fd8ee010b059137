/** Changes that slices show in their plans alone: the pictures below stay. */
export const PLANNED = new Set([
  ...["plans", "current", "placement", "results", "handle", "arming", "aim", "snap", "ghost"],
  ...["tube", "depth_mm", "depth", "found", "run", "forms", "map", "placed", "exported"],
  ...["preview", "conflicts", "compare"],
]);
