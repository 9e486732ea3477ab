#version 450

#include "./buffers.glsl"

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in vec3 tangent;
layout(location = 4) in vec3 bitangent;

layout(location = 0) out vec3 outPosition;
layout(location = 1) out vec3 outNormal;
layout(location = 2) out flat int outBody;

void main() {
  vec4 world = objectTransformBuffer.modelMatrix * vec4(position, 1);
  outPosition = world.xyz;
  outNormal = mat3(objectTransformBuffer.modelMatrix) * normal;
  outBody = objectDataBuffer.body;
  gl_Position = cameraBuffer.projectionMatrix * cameraBuffer.viewMatrix * world;
}
