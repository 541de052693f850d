using Flip.Randomness;

namespace Flip.Tests;

/// <summary>Bytes of a file that a mishap or a stranger has changed: cut, spliced, with lengths that lie and signs that mean something else.</summary>
internal static class Damage
{
    /// <summary>The bytes with one to three changes.</summary>
    public static byte[] Of(byte[] whole, ref CounterRandom random)
    {
        var bytes = whole.ToArray();
        for (var changes = 1 + random.NextInt(3); changes > 0 && bytes.Length > 0; changes--)
        {
            bytes = random.NextInt(8) switch
            {
                0 => bytes[..random.NextInt(bytes.Length)],
                1 => Spliced(bytes, whole, ref random),
                2 or 3 => Raised(bytes, ref random),
                4 => Reworded(bytes, ref random),
                _ => Flipped(bytes, ref random),
            };
        }

        return bytes;
    }

    private static byte[] Flipped(byte[] bytes, ref CounterRandom random)
    {
        bytes[random.NextInt(bytes.Length)] ^= (byte)(1 << random.NextInt(8));
        return bytes;
    }

    /// <summary>A stretch from elsewhere, in place of what is here or between.</summary>
    private static byte[] Spliced(byte[] bytes, byte[] whole, ref CounterRandom random)
    {
        var start = random.NextInt(whole.Length);
        var piece = whole[start..Math.Min(whole.Length, start + 1 + random.NextInt(64))];
        var at = random.NextInt(bytes.Length);
        var end = random.NextInt(2) == 0 ? at : Math.Min(bytes.Length, at + piece.Length);
        return [.. bytes[..at], .. piece, .. bytes[end..]];
    }

    /// <summary>What may be a length field of 1, 2, 4 or 8 bytes becomes a large or extreme number.</summary>
    private static byte[] Raised(byte[] bytes, ref CounterRandom random)
    {
        var width = Math.Min(bytes.Length, 1 << random.NextInt(4));
        var field = bytes.AsSpan(random.NextInt(bytes.Length - width + 1), width);
        switch (random.NextInt(4))
        {
            case 0:
                field.Fill(0xff);
                break;
            case 1:
                field.Fill(0xff);
                field[random.NextInt(2) * (width - 1)] = 0x7f;
                break;
            case 2:
                field.Clear();
                field[random.NextInt(width)] = (byte)random.NextInt(256);
                break;
            default:
                field[random.NextInt(width)] += (byte)(1 + random.NextInt(16));
                break;
        }

        return bytes;
    }

    /// <summary>A byte becomes one that means something in JSON, a pickle or MessagePack.</summary>
    private static byte[] Reworded(byte[] bytes, ref CounterRandom random)
    {
        ReadOnlySpan<byte> meaningful =
        [
            .. "0123456789[]{},:\"-.()NJKMGXqrhjtaesucQRb"u8, 0x80, 0x81, 0x85, 0x86, 0x8a, 0x94, 0x91, 0xc0, 0xc4, 0xc7, 0xd4, 0xdc, 0xde,
        ];
        bytes[random.NextInt(bytes.Length)] = meaningful[random.NextInt(meaningful.Length)];
        return bytes;
    }
}
