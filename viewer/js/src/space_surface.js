/** One surface as a vtk.js actor. */

import vtkActor from "@kitware/vtk.js/Rendering/Core/Actor.js";
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkMapper from "@kitware/vtk.js/Rendering/Core/Mapper.js";
import vtkPolyData from "@kitware/vtk.js/Common/DataModel/PolyData.js";
import { normals, polygons } from "./mesh.js";

/** @param {import("./types.js").Surface} surface @param {number[]} colour 0..255 */
export function surfaceActor(surface, colour) {
  const data = vtkPolyData.newInstance();
  data.getPoints().setData(surface.points, 3);
  data.getPolys().setData(polygons(surface.faces));
  data.getPointData().setNormals(
    vtkDataArray.newInstance({ name: "Normals", numberOfComponents: 3, values: normals(surface) }),
  );
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(data);
  const actor = vtkActor.newInstance();
  actor.setMapper(mapper);
  const property = actor.getProperty();
  property.setColor(...colour.map((c) => c / 255));
  property.setAmbient(0.12);
  property.setDiffuse(0.88);
  property.setSpecular(0.18);
  property.setSpecularPower(24);
  return actor;
}
