/** One surface as a vtk.js actor. */

import vtkActor from "@kitware/vtk.js/Rendering/Core/Actor.js";
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkMapper from "@kitware/vtk.js/Rendering/Core/Mapper.js";
import vtkPolyData from "@kitware/vtk.js/Common/DataModel/PolyData.js";
import { normals, polygons } from "./mesh.js";

/**
 * A translucent shell reads as a shell when it is clear where one looks straight through it and
 * denser at its rim. Opaque surfaces are left as they are.
 */
const RIM = {
  shaderType: "Fragment",
  originalValue: "//VTK::Light::Impl",
  replaceFirst: true,
  replaceAll: false,
  replacementValue: `//VTK::Light::Impl
  if (opacity < 0.7)
    {
    float rim = 1.0 - abs(normalVCVSOutput.z);
    float shell = opacity * (0.75 + 2.4 * pow(rim, 1.3));
    gl_FragData[0].a = min(mix(shell, opacity, smoothstep(0.5, 0.7, opacity)), 1.0);
    gl_FragData[0].rgb += 0.35 * diffuseColor;
    }`,
};

/**
 * vtk.js divides by the sum of its transparency weights, but never by less than 0.01: far and thin
 * surfaces come out too dark. Larger weights keep their ratio and stay clear of that floor.
 */
const WEIGHT = {
  shaderType: "Fragment",
  originalValue: "pow(max(1.1 - gl_FragCoord.z, 0.0), 2.0)",
  replaceFirst: true,
  replaceAll: false,
  replacementValue: "(200.0 * pow(max(1.1 - gl_FragCoord.z, 0.0), 2.0))",
};

/** @param {import("./types.js").Surface} surface @param {number[]} colour 0..255 */
export function surfaceActor(surface, colour) {
  const data = vtkPolyData.newInstance();
  data.getPoints().setData(surface.points, 3);
  data.getPolys().setData(polygons(surface.faces));
  data.getPointData().setNormals(
    vtkDataArray.newInstance({
      name: "Normals",
      numberOfComponents: 3,
      values: normals(surface),
    }),
  );
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(data);
  mapper.setViewSpecificProperties({ OpenGL: { ShaderReplacements: [WEIGHT, RIM] } });
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
