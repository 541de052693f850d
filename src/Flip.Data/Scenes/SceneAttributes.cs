namespace Flip.Data.Scenes;

/// <summary>Color of an object.</summary>
public enum SceneColor
{
    Red,
    Orange,
    Yellow,
    Green,
    Cyan,
    Blue,
    Purple,
    Pink,
    Brown,
    Black,
}

/// <summary>Shape of an object.</summary>
public enum SceneShape
{
    Circle,
    Square,
    Triangle,
    Star,
    Heart,
    Diamond,
    Cross,
    Ring,
    Crescent,
    Arrow,
}

/// <summary>Fill of an object: its color, or its color with a pale tone of it.</summary>
public enum SceneTexture
{
    Solid,
    Striped,
    Dotted,
    Checkered,
}

/// <summary>Size of an object relative to the image.</summary>
public enum SceneSize
{
    /// <summary>26 to 30 % of the image's side; an object alone is 1.45 times as large.</summary>
    Small,

    /// <summary>36 to 40 %.</summary>
    Medium,

    /// <summary>54 to 60 %.</summary>
    Large,
}

/// <summary>What lies behind the objects.</summary>
public enum SceneBackground
{
    White,
    Gray,
    Cream,

    /// <summary>A dark gradient.</summary>
    Night,

    /// <summary>A pale blue gradient.</summary>
    Sky,

    /// <summary>A pale orange and rose gradient.</summary>
    Sunset,

    /// <summary>Beige with grain.</summary>
    Sand,

    /// <summary>Light gray with grain.</summary>
    Grain,
}

/// <summary>How a scene's objects stand to each other; the order is that of <see cref="Scene.Objects"/>.</summary>
public enum SceneLayout
{
    /// <summary>One object.</summary>
    Alone,

    /// <summary>Left, right.</summary>
    SideBySide,

    /// <summary>Upper, lower.</summary>
    Stacked,

    /// <summary>Left, middle, right.</summary>
    Row,

    /// <summary>The upper one, then the lower two from the left.</summary>
    OneAboveTwo,

    /// <summary>The lower one, then the upper two from the left.</summary>
    OneBelowTwo,
}

/// <summary>A part of the embedded data set. Scenes of different splits are drawn independently.</summary>
public enum SceneSplit
{
    /// <summary>One to three objects; no held-out combination ever.</summary>
    Train,

    /// <summary>Two or three objects, combinations as in training: for retrieval.</summary>
    Retrieval,

    /// <summary>One object of a held-out combination: for zero-shot classification.</summary>
    HeldOut,

    /// <summary>One object of a combination that training has: the yardstick for <see cref="HeldOut"/>.</summary>
    Seen,
}
