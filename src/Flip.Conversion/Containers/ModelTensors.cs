using System.Text.RegularExpressions;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Conversion.Containers;

/// <summary>
/// The tensors of one model in a file, without what trainers wrap around it: dictionaries (<c>state_dict</c>, <c>model</c>, <c>module</c>, <c>ema</c> ...), the
/// prefixes of DistributedDataParallel, torch.compile, Lightning and of a model inside another one, in any order. The place of a model is where
/// a tensor lies that every CLIP has, so no wrapper need be known by name; names only decide between several models in one file.
/// </summary>
internal sealed partial class ModelTensors : ITensorSource
{
    private const int MostNamed = 4;
    private const int MostModels = 64;
    private const int LongestPrefix = 256;

    /// <summary>The patch projections of CLIP's formats: one tensor that each model has once.</summary>
    private static readonly string[][] Anchors =
    [
        ["visual", "conv1", "weight"], ["visual", "trunk", "patch_embed", "proj", "weight"], ["vision_model", "embeddings", "patch_embedding", "weight"],
    ];

    /// <summary>Wrappers of single layers, which stand anywhere in a name.</summary>
    private static readonly string[] Wrappers = ["_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

    /// <summary>First parts of a model's own names: so tensors of it are known that lie outside a prefix that the others have.</summary>
    private static readonly string[] OwnParts =
    [
        "visual", "transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection", "text", "logit_scale", "logit_bias",
        "vision_model", "text_model", "visual_projection",
    ];

    /// <summary>Whose model is taken where there are several: the first here, then others.</summary>
    private static readonly string[] Preferred = ["", "state_dict", "model_state_dict", "model", "module", "net", "params", "student"];

    private readonly ITensorSource _file;
    private readonly OrderedDictionary<string, string> _stored = [];

    private ModelTensors(ITensorSource file) => _file = file;

    /// <summary>What of the file was taken and what was not, whole sentences; empty where all was.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => _stored.Keys;

    /// <summary>Finds the model in a file; in a file without one, all tensors.</summary>
    /// <param name="file">The file; owned by the result.</param>
    /// <param name="part">Which model, where there are several: what stands before its tensors' names, or the beginning of that; null for the best.</param>
    /// <exception cref="CheckpointFormatException">There is no such part, or a tensor of the model cannot be read.</exception>
    public static ModelTensors Of(ITensorSource file, string? part)
    {
        var tensors = new ModelTensors(file);
        var models = file.Names.Select(ModelPrefix).OfType<string>().Distinct().OrderBy(Rank).ThenBy(prefix => prefix, StringComparer.Ordinal).ToList();
        if (models.Count > MostModels)
        {
            throw new CheckpointFormatException(file.Path, null, $"it holds {models.Count} models");
        }

        if (part is null && models.Count == 0)
        {
            foreach (var name in file.Names)
            {
                tensors._stored.Add(name, name);
            }

            return tensors;
        }

        var prefix = part is null ? models[0] : Named(file, models, part);
        var others = models.Where(other => other != prefix).ToList();
        tensors.Take(prefix, [.. others.Where(other => other.StartsWith(prefix, StringComparison.Ordinal))]);
        tensors.TakeLoose(prefix);
        tensors.Check();
        tensors.Notes = [.. tensors.Said(prefix, others)];
        return tensors;
    }

    /// <inheritdoc/>
    public bool Contains(string name) => _stored.ContainsKey(name);

    /// <inheritdoc/>
    public TensorDescription Describe(string name) => _file.Describe(Stored(name)) with { Name = name };

    /// <inheritdoc/>
    public Tensor ReadTensor(string name) => _file.ReadTensor(Stored(name));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>What stands before the names of the model that a tensor is the patch projection of; null for any other tensor.</summary>
    private static string? ModelPrefix(string name)
    {
        var parts = name.EndsWith(".weight", StringComparison.Ordinal) ? name.Split('.') : [];
        foreach (var anchor in Anchors)
        {
            var at = parts.Length;
            var isAnchor = anchor.Reverse().All(wanted =>
            {
                do
                {
                    at--;
                }
                while (at >= 0 && Wrappers.Contains(parts[at]));
                return at >= 0 && parts[at] == wanted;
            });
            if (isAnchor && string.Concat(parts.Take(at).Select(part => part + ".")) is { Length: <= LongestPrefix } prefix)
            {
                return prefix;
            }
        }

        return null;
    }

    /// <summary>Trained weights before averages of them before a teacher's; then known wrappers; then what is less deep.</summary>
    private static (int Kind, int Known, int Depth) Rank(string prefix)
    {
        var known = Array.IndexOf(Preferred, prefix.Split('.')[0]);
        return (IsTeacher().IsMatch(prefix) ? 2 : IsAverage().IsMatch(prefix) ? 1 : 0, known < 0 ? Preferred.Length : known, prefix.Count(c => c == '.'));
    }

    private static string Named(ITensorSource file, List<string> models, string part)
    {
        var chosen = models.Where(prefix => prefix.StartsWith(part + ".", StringComparison.Ordinal)).ToList();
        var one = chosen.Count == 1 ? chosen[0] : chosen.Find(prefix => prefix == part + ".");
        return one ?? throw new CheckpointFormatException(file.Path, null, models.Count == 0
            ? $"it holds no model that is part '{part}' of it"
            : $"{(chosen.Count == 0 ? "no" : "more than one")} model in it is '{part}'; it holds {string.Join(", ", models.Select(Label))}");
    }

    private static string Label(string prefix) => prefix.Length == 0 ? "the outermost one" : $"'{prefix.TrimEnd('.')}'";

    private string Stored(string name) => _stored.TryGetValue(name, out var stored) ? stored : throw new CheckpointFormatException(Path, name, "not in the file");

    /// <summary>All tensors behind a prefix, but for those of a model that lies within.</summary>
    private void Take(string prefix, IReadOnlyList<string> inner)
    {
        foreach (var name in _file.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)
            && !inner.Any(other => name.StartsWith(other, StringComparison.Ordinal))))
        {
            var own = InnerWrapper().Replace(name[prefix.Length..], "");
            if (!_stored.TryAdd(own, name))
            {
                throw new CheckpointFormatException(Path, name, $"is the same tensor of the model as '{_stored[own]}', once wrappers' names are taken off");
            }
        }
    }

    /// <summary>A training's module often has the towers in one attribute and the logit scale beside it.</summary>
    private void TakeLoose(string prefix)
    {
        for (var outer = prefix; outer.Length > 0;)
        {
            outer = outer[..(outer.AsSpan(0, outer.Length - 1).LastIndexOf('.') + 1)];
            foreach (var name in _file.Names.Where(name => name.StartsWith(outer, StringComparison.Ordinal) && !name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                var own = InnerWrapper().Replace(name[outer.Length..], "");
                if (OwnParts.Contains(own.Split('.')[0]))
                {
                    _stored.TryAdd(own, name);
                }
            }
        }
    }

    /// <summary>Each tensor of the model can be described; so damage is reported on opening.</summary>
    private void Check()
    {
        foreach (var name in _stored.Values)
        {
            _file.Describe(name);
        }

        if (Anchors.Any(anchor => _stored.TryGetValue(string.Join('.', anchor), out var name) && _file.Describe(name).Shape.Contains(0)))
        {
            throw new CheckpointFormatException(
                Path, null, "its tensors are empty, as DeepSpeed's ZeRO-3 leaves them in each process's file; zero_to_fp32.py, which DeepSpeed puts beside it, "
                + "gathers the weights");
        }
    }

    private IEnumerable<string> Said(string prefix, List<string> others)
    {
        if (others.Count > 0)
        {
            yield return $"The file holds {others.Count + 1} models: {Label(prefix)} is read, not {string.Join(", ", others.Select(Label))} "
                + $"({System.IO.Path.GetFileName(Path)}#{others[0].TrimEnd('.')} names that one).";
        }

        if (IsAverage().IsMatch(prefix))
        {
            yield return $"The weights are {Label(prefix)}, an average over training steps.";
        }

        var taken = _stored.Values.ToHashSet();
        var left = _file.Names.Where(name => !taken.Contains(name) && !others.Any(other => name.StartsWith(other, StringComparison.Ordinal))).ToList();
        if (left.Count > 0)
        {
            var groups = left.Select(name => string.Join('.', name.Split('.').Take(2))).Distinct().Take(MostNamed + 1).ToList();
            yield return $"Not read: {left.Count} tensors beside the model ({string.Join(", ", groups.Take(MostNamed))}{(groups.Count > MostNamed ? " ..." : "")}).";
        }
    }

    [GeneratedRegex(@"(?<=^|\.)(_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")]
    private static partial Regex InnerWrapper();

    [GeneratedRegex(@"(^|[._])(ema|swa|avg|averaged?|polyak|shadow)([._]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex IsAverage();

    [GeneratedRegex(@"(^|[._])(teacher|momentum|target)([._]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex IsTeacher();
}
