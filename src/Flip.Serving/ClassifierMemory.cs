using System.Security.Cryptography;
using System.Text.Json;
using Flip.Evaluation.ZeroShot;

namespace Flip.Serving;

/// <summary>Classifiers made of words, kept for requests with the same words: those that were used last, as many as fit. Safe to call from several threads.</summary>
/// <param name="maxBytes">Bytes of their weights together.</param>
internal sealed class ClassifierMemory(long maxBytes)
{
    private readonly object _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, ZeroShotClassifier Classifier)>> _kept = [];
    private readonly LinkedList<(string Key, ZeroShotClassifier Classifier)> _lastUsed = new(); // the last used one first
    private long _bytes;

    /// <summary>Bytes of the weights that are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>By what a classifier is found: its prompts and names.</summary>
    public static string KeyOf(ClassPrompts prompts) =>
        Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { prompts.ClassNames, prompts.Texts })));

    /// <summary>A classifier that is kept, or null.</summary>
    public ZeroShotClassifier? Find(string key)
    {
        lock (_gate)
        {
            if (!_kept.TryGetValue(key, out var node))
            {
                return null;
            }

            _lastUsed.Remove(node);
            _lastUsed.AddFirst(node);
            return node.Value.Classifier;
        }
    }

    /// <summary>Keeps a classifier, if it fits; those that were not used for the longest time go.</summary>
    public void Keep(string key, ZeroShotClassifier classifier)
    {
        var bytes = BytesOf(classifier);
        lock (_gate)
        {
            if (bytes > maxBytes || _kept.ContainsKey(key))
            {
                return;
            }

            while (_bytes + bytes > maxBytes)
            {
                var (oldKey, old) = _lastUsed.Last!.Value;
                _lastUsed.RemoveLast();
                _kept.Remove(oldKey);
                _bytes -= BytesOf(old);
            }

            _kept[key] = _lastUsed.AddFirst((key, classifier));
            _bytes += bytes;
        }
    }

    /// <summary>Weights, and names as UTF-16 with what an object of the runtime takes.</summary>
    private static long BytesOf(ZeroShotClassifier classifier) =>
        (sizeof(float) * (long)classifier.Weights.Length) + classifier.ClassNames.Sum(name => (sizeof(char) * (long)name.Length) + 32);
}
