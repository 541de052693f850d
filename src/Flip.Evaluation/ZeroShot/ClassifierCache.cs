using System.Security.Cryptography;
using System.Text.Json;
using Flip.Collectives;
using Flip.Io;
using Flip.Storage;
using TorchSharp;

namespace Flip.Evaluation.ZeroShot;

/// <summary>
/// Classifiers made of words, kept as files: eighty prompts for each of a thousand classes take minutes, and are the same for every data set of
/// these classes. A file's name is a hash of the prompts and of what else the embeddings depend on. Of several ranks, rank 0 alone reads and writes files.
/// </summary>
/// <param name="folder">Where the files are; created if need be.</param>
/// <param name="settings">What the embeddings of texts depend on, by name: weights, tokenizer, precision.</param>
/// <param name="say">Receives what a user should know, in a sentence; null for nobody.</param>
/// <param name="ranks">Who shares the texts; null for this process alone.</param>
public sealed class ClassifierCache(
    string folder, IReadOnlyDictionary<string, string> settings, Action<string>? say = null, ICommunicator? ranks = null)
{
    private const string Weights = "classifier";

    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    /// <summary>The file of some prompts.</summary>
    public string PathOf(ClassPrompts prompts)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var sorted = new SortedDictionary<string, string>(settings.ToDictionary(), StringComparer.Ordinal);
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { settings = sorted, prompts.ClassNames, prompts.Texts }));
        return Path.Combine(folder, $"classifier-{Convert.ToHexStringLower(hash)[..32]}.safetensors");
    }

    /// <summary>Reads a classifier, or makes and keeps it. A damaged file is reported and made anew.</summary>
    /// <param name="prompts">The texts of each class.</param>
    /// <param name="make">Makes it, on all ranks together.</param>
    /// <returns>The classifier; null on other ranks than the first.</returns>
    public ZeroShotClassifier? Read(ClassPrompts prompts, Func<ZeroShotClassifier> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        var path = PathOf(prompts);
        ZeroShotClassifier? found = null;
        var isThere = FirstRank.Tell(_ranks, () => (found = Find(path, prompts)) is not null);
        if (isThere)
        {
            return found;
        }

        var made = make();
        return FirstRank.Keep(_ranks, () =>
        {
            Keep(path, made);
            return made;
        });
    }

    private ZeroShotClassifier? Find(string path, ClassPrompts prompts)
    {
        if (File.Exists(path))
        {
            try
            {
                return OwnEntries.Problem(path) is { } foreign ? throw new CheckpointFormatException(path, null, foreign) : ReadFile(path, prompts);
            }
            catch (CheckpointFormatException e)
            {
                say?.Invoke($"A cached classifier is not usable and made anew: {e.Message}");
            }
        }

        return null;
    }

    private void Keep(string path, ZeroShotClassifier made)
    {
        using var weights = torch.tensor(made.Weights, made.ClassNames.Count, made.EmbedDim);
        PrivateFolder.Create(folder);
        SafetensorsWriter.Write(path, [(Weights, weights)]);
        PrivateFolder.Keep(path);
    }

    private static ZeroShotClassifier ReadFile(string path, ClassPrompts prompts)
    {
        using var reader = new SafetensorsReader(path);
        var classes = prompts.ClassNames.Count;
        var shape = reader.Contains(Weights) ? reader.Describe(Weights).Shape : [];
        if (shape is not [var rows, > 0 and var dim] || rows != classes)
        {
            throw new CheckpointFormatException(path, Weights, $"has the shape [{string.Join(", ", shape)}], expected [{classes}, width]");
        }

        using var tensor = reader.ReadTensor(Weights);
        var weights = tensor.data<float>().ToArray();
        return Array.TrueForAll(weights, float.IsFinite)
            ? new ZeroShotClassifier(prompts.ClassNames, weights, (int)dim)
            : throw new CheckpointFormatException(path, Weights, "has numbers that are not finite");
    }
}
