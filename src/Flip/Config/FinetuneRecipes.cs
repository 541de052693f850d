namespace Flip.Config;

/// <summary>The named recipes of fine-tuning.</summary>
public static class FinetuneRecipes
{
    private static readonly SortedDictionary<string, FinetuneConfig> ByName = new(StringComparer.Ordinal)
    {
        // ImageNet, 1.28 M images: 62 500 steps at a rate of 2e-4.
        ["paper"] = new(),

        // Thousands of images. Batches of 1024 would leave a few hundred steps, so 128, which scales the rate down to 2.5e-5: large rates are what
        // makes a good tower forget. Twenty epochs instead of fifty, since strong regularisation is what makes fifty useful, and here it
        // is weaker: mixing that leaves most of an image, drop-path 0.1, crops that keep a quarter. A head that begins as the zero-shot
        // classifier has to learn less, and allows interpolation (WiSE-FT), which is the remedy where even this is too much.
        ["small"] = new()
        {
            Samples = Duration.OfEpochs(20),
            BatchSize = 128,
            Head = ClassifierHead.ZeroShot,
            Mixup = 0.2,
            Cutmix = 0,
            DropPath = 0.1,
            CropMinArea = 0.25,
        },
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The recipe of a name.</summary>
    /// <exception cref="ConfigException">There is none.</exception>
    public static FinetuneConfig Get(string name) => ByName.TryGetValue(name, out var recipe)
        ? recipe
        : throw new ConfigException($"--recipe {name}: no such recipe; there are {string.Join(", ", Names)}.");
}
