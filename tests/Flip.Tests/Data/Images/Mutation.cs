using Flip.Randomness;

namespace Flip.Tests.Data.Images;

/// <summary>Damage as files get it: bytes that are overwritten, cut off, repeated or lost.</summary>
internal static class Mutation
{
    /// <summary>A damaged copy, the same for the same trial.</summary>
    public static byte[] Of(byte[] original, int trial)
    {
        var random = new CounterRandom(11, RandomPurpose.Evaluation, item: trial);
        var bytes = original.ToList();
        for (var count = 1 + random.NextInt(4); count > 0; count--)
        {
            var at = random.NextInt(bytes.Count);
            switch (random.NextInt(8))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.Add(0);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.NextInt(20), bytes.Count - at));
                    bytes.Add(0xFF);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(50, bytes.Count - at)));
                    break;
                default:
                    bytes[random.NextInt(2) == 0 ? at : at % 64 % bytes.Count] = (byte)random.NextInt(256);
                    break;
            }
        }

        return [.. bytes];
    }
}
