namespace Flip.Evaluation.DataSets;

/// <summary>Groups of data sets that a table of the paper has.</summary>
public static class Suites
{
    /// <summary>The name of all groups together.</summary>
    public const string Every = "all";

    /// <summary>The groups by name.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> All { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        // Tables 2 to 5: ImageNet and its variants.
        ["robustness"] = ["imagenet", "imagenet-v2", "imagenet-a", "imagenet-r", "objectnet", "imagenet-sketch", "imagenet-vid", "ytbb"],

        // The 25 data sets of the paper's zero-shot table, in its order.
        ["classification"] =
        [
            "food101", "cifar10", "cifar100", "birdsnap", "sun397", "cars", "aircraft", "voc2007", "dtd", "pets", "caltech101", "flowers102", "mnist",
            "stl10", "eurosat", "resisc45", "gtsrb", "kitti-distance", "country211", "pcam", "ucf101", "kinetics700", "clevr-counts", "hateful-memes",
            "sst2",
        ],
        ["retrieval"] = ["flickr8k", "flickr30k", "coco"],
    };

    /// <summary>The data sets of a group; null where there is no group of that name.</summary>
    public static IReadOnlyList<DataSetDescription>? Find(string name) =>
        All.TryGetValue(name, out var names) ? [.. names.Select(set => DataSets.Get(set))]
        : name == Every ? [.. All.Values.SelectMany(group => group).Select(set => DataSets.Get(set))]
        : null;
}
