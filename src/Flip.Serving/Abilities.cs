namespace Flip.Serving;

/// <summary>What a model can do, by the names that messages and the server have for it.</summary>
public static class Abilities
{
    /// <summary>Images and texts to one space: embeddings, classification by words, ranking.</summary>
    public const string Embeddings = "embeddings";

    /// <summary>Images to the classes that a classifier was trained on.</summary>
    public const string Classes = "classes";

    /// <summary>Captions of images.</summary>
    public const string Captions = "captions";

    /// <summary>Answers to questions about images.</summary>
    public const string Answers = "answers";
}
