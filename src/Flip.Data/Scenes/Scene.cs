namespace Flip.Data.Scenes;

/// <summary>One object of a scene. Lengths are relative to the image's side, places count from the upper left corner.</summary>
/// <param name="Color">Color.</param>
/// <param name="Shape">Shape.</param>
/// <param name="Texture">Fill.</param>
/// <param name="Size">Size as a word.</param>
/// <param name="X">Centre, 0 left to 1 right.</param>
/// <param name="Y">Centre, 0 top to 1 bottom.</param>
/// <param name="Extent">Width and height.</param>
/// <param name="Rotation">Turn in degrees, clockwise; small, so that a square stays a square.</param>
public sealed record SceneObject(
    SceneColor Color, SceneShape Shape, SceneTexture Texture, SceneSize Size, float X, float Y, float Extent, float Rotation);

/// <summary>All that a picture shows; a picture is a function of it.</summary>
/// <param name="Background">What lies behind.</param>
/// <param name="Layout">How the objects stand to each other.</param>
/// <param name="Objects">One to three objects that do not overlap, in the order of the layout.</param>
/// <param name="Grain">Seed of the background's grain.</param>
public sealed record Scene(SceneBackground Background, SceneLayout Layout, IReadOnlyList<SceneObject> Objects, uint Grain);
