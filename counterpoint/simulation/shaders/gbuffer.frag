// Colour, segmentation, depth and normals in one pass. The light is that of RaycastRenderer.
#version 450

layout(constant_id = 0) const int NUM_DIRECTIONAL_LIGHTS = 0;
layout(constant_id = 1) const int NUM_DIRECTIONAL_LIGHT_SHADOWS = 0;
layout(constant_id = 2) const float headlight = 0;  // share of the lamp at the camera
layout(constant_id = 3) const float sky = 0;  // how much less ambient light faces get that look down

#include "./buffers.glsl"

layout(set = 2, binding = 0) uniform MaterialBuffer {
  vec4 emission;
  vec4 baseColor;
  float fresnel;
  float roughness;
  float metallic;
  float transmission;
  float ior;
  float transmissionRoughness;
  int textureMask;
  int padding1;
  vec4 textureTransforms[6];
} materialBuffer;

struct PointLight {
  vec4 position;
  vec4 emission;
};

struct DirectionalLight {
  vec4 direction;
  vec4 emission;
};

struct SpotLight {
  vec4 position;
  vec4 direction;
  vec4 emission;
};

struct LightBuffer {
  mat4 viewMatrix;
  mat4 viewMatrixInverse;
  mat4 projectionMatrix;
  mat4 projectionMatrixInverse;
  int width;
  int height;
};

layout(set = 3, binding = 0) uniform SceneBuffer {
  vec4 ambientLight;
  PointLight pointLights[1];
  DirectionalLight directionalLights[1];
  SpotLight spotLights[1];
  SpotLight texturedLights[1];
} sceneBuffer;

layout(set = 3, binding = 1) uniform ShadowBuffer {
  LightBuffer pointLightBuffers[6];
  LightBuffer directionalLightBuffers[1];
  LightBuffer spotLightBuffers[1];
  LightBuffer texturedLightBuffers[1];
} shadowBuffer;

layout(set = 3, binding = 2) uniform samplerCube samplerPointLightDepths[1];
layout(set = 3, binding = 3) uniform sampler2D samplerDirectionalLightDepths[1];
layout(set = 3, binding = 4) uniform sampler2D samplerSpotLightDepths[1];
layout(set = 3, binding = 5) uniform sampler2D samplerTexturedLightDepths[1];
layout(set = 3, binding = 6) uniform sampler2D samplerTexturedLightTextures[1];

layout(location = 0) in vec3 worldPosition;
layout(location = 1) in vec3 worldNormal;
layout(location = 2) in flat int body;

// Blended over what is there by their last number, which is therefore always 1.
layout(location = 0) out vec4 outColor;   // red, green and blue in 0..1
layout(location = 1) out vec4 outNormal;  // in the world frame, towards the camera
layout(location = 2) out vec4 outBody;    // depth [m], segmentation

// Share of the main light that reaches a point, from 0 to 1, with soft edges one texel wide.
float visibility(vec3 position, vec3 normal) {
  LightBuffer light = shadowBuffer.directionalLightBuffers[0];
  float resolution = textureSize(samplerDirectionalLightDepths[0], 0).x;
  float texel = 2 / (light.projectionMatrix[0][0] * resolution);
  // Stand off the surface, so that it does not shade itself.
  vec4 there = light.projectionMatrix * light.viewMatrix * vec4(position + 1.5 * texel * normal, 1);
  vec2 at = there.xy * 0.5 + 0.5;
  if (any(lessThan(at, vec2(0))) || any(greaterThan(at, vec2(1)))) return 1;
  vec2 f = fract(at * resolution - 0.5);
  float sum = 0;
  for (int x = 0; x < 2; ++x) {
    for (int y = 0; y < 2; ++y) {
      vec2 middle = (floor(at * resolution - 0.5) + vec2(x, y) + 0.5) / resolution;
      float open = step(there.z, textureLod(samplerDirectionalLightDepths[0], middle, 0).x);
      sum += open * (x == 1 ? f.x : 1 - f.x) * (y == 1 ? f.y : 1 - f.y);
    }
  }
  return sum;
}

void main() {
  vec3 toCamera = cameraBuffer.viewMatrixInverse[3].xyz - worldPosition;
  vec3 normal = normalize(worldNormal);
  normal *= dot(normal, toCamera) < 0 ? -1 : 1;

  float ambient = sceneBuffer.ambientLight.x;
  float light = ambient * (1 - 0.5 * sky * (1 - normal.z));
  light += headlight * dot(normal, normalize(toCamera));
  for (int i = 0; i < NUM_DIRECTIONAL_LIGHTS; ++i) {
    float main = max(0, dot(normal, -sceneBuffer.directionalLights[i].direction.xyz));
    if (main > 0 && i < NUM_DIRECTIONAL_LIGHT_SHADOWS) main *= visibility(worldPosition, normal);
    light += main * sceneBuffer.directionalLights[i].emission.x;
  }
  outColor = vec4(materialBuffer.baseColor.rgb * pow(min(light, 1), 1 / 2.2), 1);
  outNormal = vec4(normal, 1);
  outBody = vec4(-(cameraBuffer.viewMatrix * vec4(worldPosition, 1)).z, body, 0, 1);
}
